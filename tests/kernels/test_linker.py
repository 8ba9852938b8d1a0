"""Compiled functions in memory: placed here or linked by LLVM, and what neither is given."""
from __future__ import annotations

import ctypes
import struct

import numpy as np
import pytest
from warehouse.errors import InternalError
from warehouse.kernels import abi, linker, memory, pack
from warehouse.kernels.packfile import Compiled


def compiled(name: str) -> Compiled:
    pack.address(name)  # compiled at least now
    return pack._pack._contents.objects[pack._pack.all_keys()[name]]


def negates(address: int) -> None:
    """What is at the address is the op not_b."""
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 7)(address)
    out, given = memory.zeros(64, "uint8"), np.resize(np.array([0, 1, 1], np.uint8), 64)
    assert function(memory.address(out), memory.address(given), 0, 0, 0, 64, 0) == abi.OK
    assert list(out) == list(1 - given)


ELF = compiled("not_b").code[:4] == b"\x7fELF" and struct.unpack_from("<H", compiled("not_b").code, 18) == (62,)


def test_both_ways_give_the_same_function() -> None:
    llvm, ours = linker._Llvm(), linker.Linker()  # LLVM's functions live as long as it
    negates(llvm.add(compiled("not_b")))
    negates(ours.add({"not_b": compiled("not_b")})["not_b"])


@pytest.mark.skipif(not ELF, reason="LLVM links everything on this machine")
def test_addresses_of_other_functions_and_of_constants() -> None:
    """Every function that refers to something is placed on its own, twice at different addresses."""
    objects = [each for each in pack._pack._contents.objects.values() if each.needs][:20]
    assert objects
    ours = linker.Linker()
    for each in objects:
        first, second = ours.add({"it": each}), ours.add({"it": each})
        assert first["it"] != second["it"]


@pytest.mark.skipif(not ELF, reason="LLVM links everything on this machine")
def test_what_is_not_understood_goes_to_llvm(monkeypatch: pytest.MonkeyPatch) -> None:
    code = bytearray(compiled("not_b").code)
    assert linker.place(compiled("not_b")) % 16 == 0
    for at, byte in ((0, 0), (4, 1), (5, 2), (18, 183)):  # not ELF, 32 bits, big endian, arm64
        other = bytes(code[:at]) + bytes([byte]) + bytes(code[at + 1 :])
        with pytest.raises(linker.NotUnderstood):
            linker.place(Compiled("not_b", other, ()))

    def refuses(each: Compiled) -> int:
        raise linker.NotUnderstood

    monkeypatch.setattr(linker, "place", refuses)
    ours = linker.Linker()
    negates(ours.add({"not_b": compiled("not_b")})["not_b"])


@pytest.mark.skipif(not ELF, reason="LLVM links everything on this machine")
def test_places_of_another_kind_are_not_understood() -> None:
    each = next(each for each in pack._pack._contents.objects.values() if each.needs)
    code = bytearray(each.code)
    (table,), (count,) = struct.unpack_from("<Q", code, 40), struct.unpack_from("<H", code, 60)
    for i in range(count):
        _, kind, _, _, start, length, *_ = struct.unpack_from("<IIQQQQIIQQ", code, table + i * 64)
        if kind == 4:
            for at in range(start, start + length, 24):
                struct.pack_into("<I", code, at + 8, 2)  # R_X86_64_PC32
    with pytest.raises(linker.NotUnderstood):
        linker.place(each._replace(code=bytes(code)))


def test_a_function_that_is_not_in_its_object() -> None:
    with pytest.raises(InternalError, match="is not in its object file"):
        linker.place(compiled("not_b")._replace(name="another"))
