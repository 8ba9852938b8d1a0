"""BYTEDICT: 256 entries a block, codes of few bits, extra values in full."""
from __future__ import annotations

import ctypes

import numpy as np
import pytest
from warehouse.errors import DataCorrupted
from warehouse.kernels import abi
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import BYTEDICT
from warehouse.storage.types import BIGINT, DOUBLE, varchar
from warehouse.storage.vector import from_list


def test_dictionary_is_sorted_and_codes_are_narrow() -> None:
    parts = BYTEDICT.encode(from_list(varchar(9), ["SHIP", "AIR", None, "RAIL", "AIR"]))
    assert parts[Part.DICT_TEXT].tobytes() == b"AIRRAILSHIP"
    assert parts[Part.DICT_LENGTHS].tolist() == [0, 3, 4, 4]  # '' for the NULL
    assert parts[Part.VECTORS]["width"].tolist() == [2]
    assert Part.EXTRA_ROWS not in parts


def test_native_form_is_codes_and_views() -> None:
    items = ["SHIP", "AIR", "RAIL", "AIR"]
    native = BYTEDICT.native(BYTEDICT.encode(from_list(varchar(9), items)), varchar(9), 4)
    assert (native.kind, native.dictionary_rows) == (abi.DK_DICT_STR, 3)
    assert native.dictionary is not None
    texts = [ctypes.string_at(address, length) for address, length in native.dictionary.tolist()]
    assert texts == [b"AIR", b"RAIL", b"SHIP"]
    numbers = BYTEDICT.native(BYTEDICT.encode(from_list(BIGINT, [70, -5, 70])), BIGINT, 3)
    assert numbers.kind == abi.DK_DICT_INT
    assert numbers.dictionary is not None
    assert numbers.dictionary.tolist() == [-5, 70]


def test_the_257th_value_is_kept_in_full() -> None:
    items = [f"v{i}" for i in range(258)]
    parts = BYTEDICT.encode(from_list(varchar(9), items))
    assert len(parts[Part.DICT_LENGTHS]) == 256
    assert parts[Part.EXTRA_ROWS].tolist() == [256, 257]
    assert parts[Part.TEXT].tobytes() == b"v256v257"
    assert BYTEDICT.native(parts, varchar(9), 258).kind == abi.DK_RAW_STR
    assert BYTEDICT.native(BYTEDICT.encode(from_list(DOUBLE, [0.5])), DOUBLE, 1).kind == abi.DK_RAW_FLOAT


def test_a_code_outside_the_dictionary_is_refused() -> None:
    parts = dict(BYTEDICT.encode(from_list(BIGINT, [10, 20, 30])))
    parts[Part.DICT_VALUES] = np.array([10, 20], np.int64)
    with pytest.raises(DataCorrupted, match="outside the dictionary of 2"):
        BYTEDICT.native(parts, BIGINT, 3)


def test_an_extra_row_outside_the_block_is_refused() -> None:
    parts = dict(BYTEDICT.encode(from_list(BIGINT, list(range(300)))))
    parts[Part.EXTRA_ROWS] = parts[Part.EXTRA_ROWS] + np.uint32(100)
    with pytest.raises(DataCorrupted, match="beyond"):
        BYTEDICT.native(parts, BIGINT, 300)
