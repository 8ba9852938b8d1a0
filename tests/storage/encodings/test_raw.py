"""RAW: declared widths on disk, packed lengths, read in place."""
from __future__ import annotations

import numpy as np
from warehouse.kernels import abi
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import RAW
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    decimal,
    varchar,
)
from warehouse.storage.vector import from_list


def test_declared_widths() -> None:
    widths = {SMALLINT: 2, INTEGER: 4, DATE: 4, BIGINT: 8, TIMESTAMP: 8, decimal(9, 2): 8, REAL: 4, DOUBLE: 8}
    for type, width in widths.items():
        parts = RAW.encode(from_list(type, [1, 2, 3]))
        assert parts[Part.VALUES].nbytes == 3 * width, type
        native = RAW.native(parts, type, 3)
        assert (native.kind, native.width) == (abi.DK_RAW_FLOAT if type.is_float else abi.DK_RAW_INT, width)
        assert native.payload is parts[Part.VALUES]  # in place
    assert RAW.encode(from_list(BOOLEAN, [True]))[Part.VALUES].nbytes == 1
    assert RAW.encode(from_list(decimal(38, 0), [1]))[Part.VALUES].nbytes == 16


def test_text_keeps_bytes_and_packed_lengths() -> None:
    parts = RAW.encode(from_list(varchar(9), ["ab", None, "cde"]))
    assert parts[Part.TEXT].tobytes() == b"abcde"
    assert parts[Part.LENGTH_VECTORS]["width"].tolist() == [2]
    native = RAW.native(parts, varchar(9), 3)
    assert native.kind == abi.DK_RAW_STR
    assert native.offsets is not None
    assert native.offsets.dtype == np.uint32
    assert native.offsets.tolist() == [0, 2, 2, 5]


def test_booleans_are_0_or_1_whatever_the_disk_says() -> None:
    found = RAW.native({Part.VALUES: np.array([0, 1, 7], np.uint8)}, BOOLEAN, 3)
    assert found.payload.tolist() == [0, 1, 1]
