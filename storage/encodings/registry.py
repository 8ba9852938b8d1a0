"""All encodings by name and by number; Redshift's defaults and refusals; the automatic choice.

Three ways to an encoding:

    ENCODE x in the DDL      by_name(x), check_usable(x, column)
    no ENCODE, AUTO off      default_for(type, sort_key)          Redshift's fixed table
    ENCODE AUTO              choose(values of a block)            made anew for every block at load

The automatic choice is cheap (it looks at a sample), and only takes encodings that native code reads in
place or that undo fast:

    numbers    AZ64, or BYTEDICT when its codes are narrower by a quarter
    floats     RAW, or BYTEDICT of few values, or ZSTD when a sample shrinks by a third
    boolean    RAW, or RUNLENGTH for long runs
    text       BYTEDICT up to 256 values in the block, TEXT32K for single words that recur,
               else ZSTD when a sample shrinks by a fifth, else RAW
"""
from __future__ import annotations

from ...errors import DataCorrupted, InvalidDefinition
from ..types import Kind, Physical, SqlType
from .az64 import Az64
from .base import Encoding
from .bytedict import ByteDict
from .delta import Delta, Delta32K
from .lzo import Lzo
from .mostly import Mostly8, Mostly16, Mostly32
from .raw import Raw
from .runlength import RunLength
from .words import Text32K, Text255
from .zstd import Zstd

AUTO = "auto"

RAW, LZO, ZSTD, AZ64, BYTEDICT = Raw(), Lzo(), Zstd(), Az64(), ByteDict()

RUNLENGTH, TEXT32K = RunLength(), Text32K()

ENCODINGS: tuple[Encoding, ...] = (
    RAW, AZ64, BYTEDICT, Delta(), Delta32K(), LZO, Mostly8(), Mostly16(), Mostly32(), RUNLENGTH, Text255(),
    TEXT32K, ZSTD,
)

_BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}
_BY_CODE = {encoding.code: encoding for encoding in ENCODINGS}


def by_name(name: str) -> Encoding:
    """The encoding of that name, in any case."""
    found = _BY_NAME.get(name.lower())
    if found is None:
        raise InvalidDefinition(
            f'encoding type "{name}" is not recognized', hint="known: " + ", ".join(sorted(_BY_NAME))
        )
    return found


def by_code(code: int) -> Encoding:
    """The encoding with that number in a file."""
    found = _BY_CODE.get(code)
    if found is None:
        raise DataCorrupted(f"a block bears the unknown encoding {code}")
    return found


def check_usable(name: str, type: SqlType, column: str) -> None:
    """Refuse an encoding that is unknown or not allowed for the column's type; AUTO always is."""
    if name.lower() != AUTO and not by_name(name).usable_for(type):
        raise InvalidDefinition(
            f'invalid encoding type specified for column "{column}"',
            detail=f"encoding {name.lower()} cannot hold type {type}",
        )


def default_for(type: SqlType, sort_key: bool = False, temporary: bool = False) -> str:
    """What Redshift gives a column without ENCODE when the table is not ENCODE AUTO."""
    if sort_key or temporary or type.is_float or type.is_sketch or type.kind is Kind.BOOLEAN:
        return RAW.name
    if type.is_super:
        return ZSTD.name
    return LZO.name if type.physical is Physical.STR else AZ64.name


def usable_encodings(type: SqlType) -> tuple[Encoding, ...]:
    return tuple(encoding for encoding in ENCODINGS if encoding.usable_for(type))
