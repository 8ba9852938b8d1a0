"""RUNLENGTH: one value a run; NULLs end no run."""
from __future__ import annotations

import numpy as np
import pytest
from warehouse.errors import DataCorrupted
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import RUNLENGTH
from warehouse.storage.types import BIGINT, BOOLEAN, varchar
from warehouse.storage.vector import from_list


def test_the_example_of_the_header() -> None:
    parts = RUNLENGTH.encode(from_list(varchar(1), ["A", "A", "A", "N", "N", "A"]))
    assert parts[Part.RUN_LENGTHS].tolist() == [3, 2, 1]
    assert parts[Part.TEXT].tobytes() == b"ANA"


def test_nulls_end_no_run() -> None:
    assert RUNLENGTH.encode(from_list(BIGINT, [7, None, 7, None]))[Part.RUN_LENGTHS].tolist() == [4]
    text = RUNLENGTH.encode(from_list(varchar(3), [None, "ab", None, "ab"]))
    assert (text[Part.RUN_LENGTHS].tolist(), text[Part.TEXT].tobytes()) == ([4], b"ab")
    assert RUNLENGTH.encode(from_list(BOOLEAN, [True, True, False]))[Part.RUN_LENGTHS].tolist() == [2, 1]


def test_runs_must_add_up() -> None:
    parts = dict(RUNLENGTH.encode(from_list(BIGINT, [7, 7, 8])))
    for lengths in ([2, 2], [3, 0], [2]):
        with pytest.raises(DataCorrupted):
            RUNLENGTH.decode({**parts, Part.RUN_LENGTHS: np.array(lengths, np.uint32)}, BIGINT, 3)
