"""Which symbols an object file expects from its surroundings, for ELF and Mach-O (64 bits, little endian).

The native linker ends the whole process at a symbol it cannot find, so the pack looks first. Only the
symbol table is read:

    ELF      section headers -> the one of type SYMTAB -> 24-byte entries; section index 0 = undefined
    Mach-O   load commands -> LC_SYMTAB -> 16-byte entries; type N_UNDF and external = undefined
"""
from __future__ import annotations

import struct

_ELF, _MACHO = b"\x7fELF", b"\xcf\xfa\xed\xfe"
_SHT_SYMTAB, _LC_SYMTAB = 2, 2
_N_TYPE, _N_EXT = 0x0E, 0x01


def undefined_symbols(code: bytes) -> tuple[str, ...]:
    """Names that `code` uses and does not define, as the linker looks them up."""
    if code[:4] == _ELF:
        names = _elf(code)
    elif code[:4] == _MACHO:
        names = _macho(code)
    else:
        raise ValueError("neither a 64-bit ELF nor a Mach-O object")
    return tuple(sorted(names))


def _text(code: bytes, start: int) -> str:
    return code[start : code.index(b"\0", start)].decode()


def _elf(code: bytes) -> set[str]:
    (table,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, table + i * size) for i in range(count)]
    names: set[str] = set()
    for _, kind, _, _, start, length, link, _, _, _ in sections:
        if kind == _SHT_SYMTAB:
            strings = sections[link][4]
            for entry in range(start + 24, start + length, 24):  # the first entry is empty
                name, _, _, section = struct.unpack_from("<IBBH", code, entry)
                if section == 0 and name:
                    names.add(_text(code, strings + name))
    return names


def _macho(code: bytes) -> set[str]:
    (count,) = struct.unpack_from("<I", code, 16)
    names: set[str] = set()
    at = 32
    for _ in range(count):
        command, length = struct.unpack_from("<II", code, at)
        if command == _LC_SYMTAB:
            start, entries, strings, _ = struct.unpack_from("<IIII", code, at + 8)
            for i in range(entries):
                name, kind, _, _, value = struct.unpack_from("<IBBHQ", code, start + i * 16)
                if kind & _N_EXT and not kind & _N_TYPE and value == 0:
                    names.add(_text(code, strings + name).removeprefix("_"))
        at += length
    return names
