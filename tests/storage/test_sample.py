"""Samples: every row is as likely as any other to be in them, however they were merged."""
from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
from warehouse.storage.sample import ALL, BLOCK_VALUES, MERGED_VALUES, TEXT_BYTES, Sample
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, decimal, varchar
from warehouse.storage.vector import ColumnData, from_list


def block(first: int, rows: int) -> Sample:
    return Sample.of(ColumnData(BIGINT, rows, np.arange(first, first + rows, dtype=np.int64)), first)


@pytest.mark.parametrize("rows", [0, 1, 5, BLOCK_VALUES])
def test_a_small_block_is_kept_whole(rows: int) -> None:
    sample = block(3, rows)
    assert sorted(sample.values) == list(range(3, 3 + rows))
    assert sample.reach == ALL and sample.is_complete


@pytest.mark.parametrize("rows", [65, 200, 257, 1000, 65_536])
def test_a_large_block_gives_different_rows_from_everywhere(rows: int) -> None:
    sample = block(0, rows)
    assert len(set(sample.values)) == BLOCK_VALUES and not sample.is_complete
    assert sorted(sample.priorities.tolist()) == sample.priorities.tolist()
    assert sample.priorities[0] > 0 and sample.reach == sample.priorities[-1] < 1
    if rows > 1000:
        assert abs(np.mean(sample.values) / rows - 0.5) < 0.15
        assert 0.5 < sample.reach / (BLOCK_VALUES / rows) < 2


def test_merging_keeps_shares() -> None:
    """Blocks of very different sizes: each has its share of the merged sample, in any order."""
    blocks = [block(0, 60_000), *(block(100_000 + i * 1000, 1000) for i in range(20)), block(200_000, 40_000)]
    for order in (blocks, blocks[::-1]):
        merged = reduce(Sample.merge, order)
        values = np.array(merged.values)
        assert 60 <= len(values) <= MERGED_VALUES
        assert abs((values < 100_000).mean() - 60 / 120) < 0.17
        assert abs((values >= 200_000).mean() - 40 / 120) < 0.17


def test_many_blocks_fill_the_sample_evenly() -> None:
    merged = reduce(Sample.merge, (block(i * 10_000, 10_000) for i in range(50)))
    assert len(merged.values) == MERGED_VALUES
    assert np.abs(np.quantile(merged.values, [0.25, 0.5, 0.75]) / 500_000 - [0.25, 0.5, 0.75]).max() < 0.12


def test_order_of_merging_does_not_matter() -> None:
    a, b, c = block(0, 500), block(1000, 30), block(5000, 300)
    assert a.merge(b).merge(c).values == c.merge(a).merge(b).values


def test_nulls_are_left_out_and_texts_are_cut() -> None:
    assert Sample.of(from_list(BIGINT, [None, 3, None]), 1).values == (3,)
    assert Sample.of(from_list(varchar(200), ["é" * 90, "b"]), 1).values in (
        ("é" * (TEXT_BYTES // 2), "b"), ("b", "é" * (TEXT_BYTES // 2)))


COLUMNS: list[tuple[Any, list[Any]]] = [
    (BIGINT, [1, None, -5]), (DOUBLE, [0.5, -1.0]), (BOOLEAN, [True, None]), (varchar(9), ["", "x", "éé"]),
    (decimal(38, 2), [10**30, -1]), (varchar(9), [None]), (BIGINT, []),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "items"), COLUMNS)
def test_bytes_round_trip_and_are_checked(type_: Any, items: list[Any]) -> None:
    sample = Sample.of(from_list(type_, items), 7)
    blob = sample.to_bytes()
    again = Sample.from_bytes(blob, type_.physical)
    assert (again.values, again.reach) == (sample.values, sample.reach)
    assert again.priorities.tolist() == sample.priorities.tolist()
    assert sorted(again.merge(sample).values) == sorted(sample.values * 2)
    for bad in (blob[:5], blob[:-1], blob + b"x"):
        with pytest.raises(ValueError, match=r"sample|buffer"):
            Sample.from_bytes(bad, type_.physical)


def test_the_same_values_give_the_same_bytes() -> None:
    assert block(9, 5000).to_bytes() == block(9, 5000).to_bytes()
