"""Text in codes is written as the strings would be: the same blocks, bounds, sketches."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse.storage import types as t
from warehouse.storage.coded import code_text
from warehouse.storage.extent import encode_group
from warehouse.storage.schema import Column
from warehouse.storage.vector import from_list

STRINGS = s.one_of(s.none(), s.sampled_from(["", "a", "b ", "B", "abcdefgh", "abcdefghi", "\0", "ä" * 9]))


@settings(max_examples=60)
@given(
    s.lists(STRINGS, min_size=3, max_size=9), s.integers(65, 900), s.sampled_from(["auto", "bytedict", "zstd", "raw"]),
    s.booleans(),
)
def test_the_same_bytes(values: list[str | None], rows: int, encoding: str, ci: bool) -> None:
    kind = replace(t.varchar(30), case_insensitive=ci)
    column = Column(1, "c", kind, encoding=encoding)
    picked = np.random.default_rng(rows).integers(0, len(values), rows)
    data = from_list(kind, [values[i] for i in picked])
    coded = code_text(data)
    assert coded is not None
    assert coded.plain().to_list() == data.to_list()
    plain, found = encode_group((column,), [data]), encode_group((column,), [coded])
    assert found.blocks == plain.blocks
    assert found.bounds == plain.bounds
    assert found.sketches[0].to_bytes() == plain.sketches[0].to_bytes()


@pytest.mark.parametrize("encoding", ["text255", "text32k", "lzo", "runlength"])
def test_other_encodings_get_the_strings(encoding: str) -> None:
    kind = t.varchar(9)
    column = Column(1, "c", kind, encoding=encoding)
    data = from_list(kind, ["x y", None, "z"] * 40)
    coded = code_text(data)
    assert coded is not None
    assert encode_group((column,), [coded]).blocks == encode_group((column,), [data]).blocks


def test_many_strings_are_no_codes() -> None:
    assert code_text(from_list(t.varchar(9), [str(i) for i in range(256)])) is not None
    assert code_text(from_list(t.varchar(9), [str(i) for i in range(257)])) is None
