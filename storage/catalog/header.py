"""The first 100 bytes of catalog.sqlite: what SQLite does not look at itself, compared with what is always written.

SQLite and its integrity check notice damage to most of the header. They let pass, or take for an oddity:

    byte   bytes  what it is                            here
    18     1      version for writing, 1 or 2 (WAL)     that for reading (19), which SQLite minds
    24     4      counter of changes                    the same number at byte 92
    44     4      format of the schema                  4; SQLite looks at its last byte alone
    48     4      suggested size of the cache           0, nobody suggests any
    56     4      encoding of texts                     1, UTF-8
    60     4      a number for applications             0, not used
    68     4      whose file it is                      ours (layout.py)
    72    20      for later versions of SQLite          0
    96     4      release of SQLite that wrote it last  3.x.y, whichever

Two numbers may be anything and cannot be compared: the cookie at byte 40, by which connections that are open see that
the schema has changed, and the last digits of the release. Damage to them changes nothing that is read or written.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator

from .layout import APPLICATION_ID

LENGTH = 100
_RELEASES = range(3_000_000, 4_000_000)
_FIELDS = {
    44: (4, "schema format"), 48: (0, "suggested cache size"), 56: (1, "text encoding"), 60: (0, "user version"),
    68: (APPLICATION_ID, "application id"),
}


def problems(header: bytes) -> Iterator[str]:
    """What is wrong with a file's first `LENGTH` bytes, in words."""
    if header[18] != header[19]:
        yield _wrong("version for writing", header[18], header[19])
    if _at(header, 24) != _at(header, 92):
        yield _wrong("counter of changes", _at(header, 24), _at(header, 92))
    for offset, (expected, name) in _FIELDS.items():
        if _at(header, offset) != expected:
            yield _wrong(name, _at(header, offset), expected)
    if any(header[72:92]):
        yield "its header is damaged: bytes that must be 0 are not"
    if _at(header, 96) not in _RELEASES:
        yield f"its header is damaged: {_at(header, 96)} is no release of SQLite 3"


def _at(header: bytes, offset: int) -> int:
    return int(struct.unpack_from(">I", header, offset)[0])


def _wrong(name: str, found: int, expected: int) -> str:
    return f"its header is damaged: the {name} is {found}, not {expected}"
