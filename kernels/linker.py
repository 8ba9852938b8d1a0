"""Object files to addresses: what makes compiled functions of the pack callable.

    Linker().add({name: Compiled}) -> {name: address}          refuse(Compiled): what must not be linked

Two ways. An ELF object of x86-64, which is what LLVM makes of our functions on Linux, is put into memory
here: its sections side by side into pages of their own, then each place that holds an address gets it.

    | .ltext | .rodata ... |      64-bit places: address of a section, or of memcpy, log, ... in the process
    mapped writable -> filled -> made executable and read only; never unmapped, since threads may be in it

The pages of many objects are mapped at once, and made executable one object after the other.

Everything else (another machine, a Mach-O object, a kind of place that is not known here) goes to llvmlite.
LLVM does the same at the same speed, but loading its library costs a new process 60 ms, which is why the
common case does without (decision 0030).
"""
from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from ..errors import InternalError
from .packfile import Compiled

# Native code that calls Python or numba's runtime would need both at run time, and Python's lock.
_FORBIDDEN = ("numba_", "NRT_", "Py", "_Py")

_ELF64_LITTLE = b"\x7fELF\x02\x01"
_X86_64 = 62
_SECTION = struct.Struct("<IIQQQQIIQQ")  # name, kind, flags, -, offset, size, link, info, alignment, -
_SYMBOL = struct.Struct("<IBBHQQ")  # name, -, -, section, value, -
_WORD = struct.Struct("<Q")
_PLACE = struct.Struct("<QQq")  # offset, symbol << 32 | kind, addend
_NOBITS, _SYMTAB, _RELA, _UNWIND = 8, 2, 4, 0x70000001
_IN_MEMORY, _WRITABLE, _PER_THREAD = 2, 1, 0x400
_ADDRESS = 1  # R_X86_64_64: eight bytes that hold an address
_FIRST_RESERVED = 0xFF00  # section numbers from here on are not sections


class NotUnderstood(Exception):
    """The object has something that only LLVM's linker knows."""


class Linker:
    """Links the functions of one process. Not thread safe: the pack's lock is around it."""

    def __init__(self) -> None:
        self._llvm: _Llvm | None = None

    def add(self, wanted: Mapping[str, Compiled]) -> dict[str, int]:
        """The addresses of `wanted`'s functions, by name; InternalError for what `refuse` refuses."""
        addresses = {}
        for name, compiled in wanted.items():
            refuse(compiled)
            try:
                addresses[name] = place(compiled)
            except NotUnderstood:
                self._llvm = self._llvm or _Llvm()
                addresses[name] = self._llvm.add(compiled)
        return addresses


def refuse(compiled: Compiled) -> None:
    """InternalError if a symbol the object needs is Python's or not in this process: LLVM's linker ends the
    process at a symbol that is not there, so look first."""
    for symbol in compiled.needs:
        if symbol.startswith(_FORBIDDEN):
            raise InternalError(f"native function {compiled.name} calls {symbol}: it must not need Python")
        if _in_process(symbol) is None and not _known_to_llvm(symbol):
            raise InternalError(f"native function {compiled.name} needs {symbol}: not in this process")


def place(compiled: Compiled) -> int:
    """Put an ELF object of x86-64 into memory; its function's address. NotUnderstood leaves nothing behind."""
    found = _Object.read(compiled)
    if found is None:
        raise NotUnderstood
    size = -(-found.size // mmap.PAGESIZE) * mmap.PAGESIZE
    places = found.places()  # may raise, so before the pages are there
    image, base = _pages(size)
    for number, at in found.offsets.items():
        _, _, _, _, start, length, _, _, _, _ = found.sections[number]
        image[at : at + length] = found.code[start : start + length]
    for at, target, value in places:
        if target is not None:
            value += base + found.offsets[target]
        _WORD.pack_into(image, at, value & (1 << 64) - 1)
    _make_executable(base, size)
    home, offset = found.function("warehouse_" + compiled.name)
    return base + found.offsets[home] + offset


class _Object(NamedTuple):
    """An object file's tables, and where each section that goes to memory stands in its image."""

    code: memoryview
    sections: list[tuple[int, ...]]
    symbols: list[tuple[int, ...]]
    names: int  # offset of the symbols' names
    offsets: dict[int, int]  # section -> offset in the image
    size: int

    @staticmethod
    def read(compiled: Compiled) -> _Object | None:
        """None unless it is ELF for x86-64 with sections as we know them."""
        code = memoryview(compiled.code)
        if code[:6] != _ELF64_LITTLE or struct.unpack_from("<H", code, 18)[0] != _X86_64:
            return None
        (table,) = struct.unpack_from("<Q", code, 40)
        (count,) = struct.unpack_from("<H", code, 60)
        sections: list[tuple[int, ...]] = list(_SECTION.iter_unpack(code[table : table + count * _SECTION.size]))
        symbols: list[tuple[int, ...]] = []
        offsets: dict[int, int] = {}
        names = size = 0
        for number, (_, kind, flags, _, start, length, link, _, alignment, _) in enumerate(sections):
            if kind == _SYMTAB:
                symbols = list(_SYMBOL.iter_unpack(code[start : start + length]))
                names = sections[link][4]
            elif flags & _IN_MEMORY and kind != _UNWIND and length:  # nothing of ours is ever unwound
                if flags & (_WRITABLE | _PER_THREAD) or kind == _NOBITS:
                    return None
                size = -(-size // max(alignment, 16)) * max(alignment, 16)
                offsets[number] = size
                size += length
        return _Object(code, sections, symbols, names, offsets, size)

    def places(self) -> list[tuple[int, int | None, int]]:
        """Of each place to be filled: (offset in the image, section whose address to add or None, the rest)."""
        found: list[tuple[int, int | None, int]] = []
        for _, kind, _, _, start, length, _, target, _, _ in self.sections:
            if kind != _RELA or target not in self.offsets:
                continue
            for at, what, addend in _PLACE.iter_unpack(self.code[start : start + length]):
                if what & 0xFFFFFFFF != _ADDRESS:
                    raise NotUnderstood
                name, _, _, section, value, _ = self.symbols[what >> 32]
                if section == 0:
                    address = _in_process(self._text(name))
                    if address is None:
                        raise NotUnderstood
                    found.append((self.offsets[target] + at, None, address + addend))
                elif section in self.offsets:
                    found.append((self.offsets[target] + at, section, value + addend))
                else:
                    raise NotUnderstood
        return found

    def function(self, wanted: str) -> tuple[int, int]:
        """(section, offset in it) of a function by name."""
        for name, _, _, section, value, _ in self.symbols:
            if name and 0 < section < _FIRST_RESERVED and self._text(name) == wanted:
                return section, value
        raise InternalError(f"{wanted} is not in its object file")

    def _text(self, name: int) -> str:
        start = self.names + name
        return bytes(self.code[start : start + 256]).partition(b"\0")[0].decode()


@cache
def _process() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return libc


@cache
def _in_process(symbol: str) -> int | None:
    """The address of a function that the process has (memcpy, log, ...)."""
    try:
        return ctypes.cast(_process()[symbol], ctypes.c_void_p).value
    except AttributeError:
        return None


_REGION = 1 << 20
_mapped: list[tuple[mmap.mmap, memoryview]] = []  # all that were ever mapped, to stay
_next = 0  # the first byte of the last one that is not used yet


def _pages(size: int) -> tuple[memoryview, int]:
    """Fresh writable pages, and their address. For one thread at a time."""
    global _next
    if not _mapped or _next + size > len(_mapped[-1][1]):
        region = mmap.mmap(-1, max(size, _REGION), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        _mapped.append((region, memoryview(region)))
        _next = 0
    view = _mapped[-1][1][_next : _next + size]
    _next += size
    return view, ctypes.addressof(ctypes.c_char.from_buffer(view))


def _make_executable(address: int, size: int) -> None:
    if _process().mprotect(address, size, mmap.PROT_READ | mmap.PROT_EXEC):
        raise InternalError(f"memory cannot be made executable (error {ctypes.get_errno()})")


@cache
def _known_to_llvm(symbol: str) -> bool:
    import llvmlite.binding as llvm

    return llvm.address_of_symbol(symbol) is not None


class _Llvm:
    """LLVM's own linker, through llvmlite."""

    def __init__(self) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
        self._llvm = llvm
        self._engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)

    def add(self, compiled: Compiled) -> int:
        self._engine.add_object_file(self._llvm.ObjectFileRef.from_data(bytes(compiled.code)))
        self._engine.finalize_object()
        address: int = self._engine.get_function_address("warehouse_" + compiled.name)
        return address
