"""agg_sums: several sums and counts by group in one pass, against Python over lists."""
from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_kernels import Run, column, python_values
from warehouse.kernels import abi, memory
from warehouse.kernels.accumulators import Accumulators, SumBlock, in_one_pass, small_values
from warehouse.kernels.group_table import GroupKey, GroupTable

LOW, HIGH = -(1 << 63), (1 << 63) - 1
SMALL, LARGE = [0, 1, -1, 900, (1 << 46) - 1, -(1 << 46)], [0, 5, LOW, HIGH, HIGH, 1 << 46]


def table_of(groups: int) -> GroupTable:
    """A table that has met the keys 0 .. groups - 1, in this order."""
    table, run = GroupTable([GroupKey("i64")], max(groups, 8)), Run()
    assert run.call(table.op, run.out(groups), np.arange(groups), k=table.address, n=groups) == abi.OK
    return table


def rows_of(source: random.Random, n: int, groups: int, clustered: bool) -> list[int]:
    """Group ids in which every group has a row, if there are enough rows."""
    ids = [i % groups if i < groups else source.randrange(groups) for i in range(n)]
    return sorted(ids) if clustered else ids


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4, 5, 64, 65, 512, 513, 2000])
def test_many_columns(groups: int, clustered: bool) -> None:
    source = random.Random(groups)
    states = Accumulators(table_of(groups))
    domains = [(SMALL, True), (SMALL, False), (LARGE, False), ([*SMALL, None], True), ([*LARGE, None], False)]
    items = [states.add("sum", "i64") for _ in domains]
    counts = [states.add("count", "i64"), states.add("count", "i64")]
    sums: list[list[list[int]]] = [[[] for _ in range(groups)] for _ in (*domains, 0, 0)]
    for n in (max(groups, 5000), 1, 1023, 1025):
        ids = rows_of(source, n, groups, clustered)
        batch = memory.padded(np.array(ids, np.int64))
        columns = [[source.choice(domain) for _ in ids] for domain, _ in domains]
        columns += [[1] * n, [source.choice([1, None]) for _ in ids]]
        arrays = [column("i64", c) for c in columns]
        valids = [memory.padded(np.array([v is not None for v in c], np.uint8)) for c in columns]
        full = [*(None not in domain for domain, _ in domains), True, False]
        address = [(memory.address(values), 0 if whole else memory.address(valid))
                   for (values, _), valid, whole in zip(arrays, valids, full, strict=True)]
        block = SumBlock([
            *((item, *address[j], small) for j, (item, (_, small)) in enumerate(zip(items, domains, strict=True))),
            (counts[0], 0, 0, True), (counts[1], 0, address[-1][1], True),
        ])
        assert Run().call("agg_sums", c=batch, k=block.address, n=n) == abi.OK
        for part, values in zip(sums, columns, strict=True):
            for group, value in zip(ids, values, strict=True):
                if value is not None:
                    part[group].append(value)
    for item, part in zip(items, sums, strict=False):
        result = item.export()
        assert python_values("i128", result.values, result.valid) == [sum(m) if m else None for m in part]
    for item, part in zip(counts, sums[-2:], strict=True):
        assert item.export().values.tolist() == [len(m) for m in part]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_property(data: st.DataObject) -> None:
    groups = data.draw(st.sampled_from([1, 2, 3, 4, 5, 9, 70, 600]))
    states, source = Accumulators(table_of(groups)), random.Random(data.draw(st.integers(0, 1 << 30)))
    item, count = states.add("sum", "i64"), states.add("count", "i64")
    want: dict[int, list[int]] = {}
    for _ in range(data.draw(st.integers(1, 3))):
        n = data.draw(st.sampled_from([0, 1, 5, 1023, 1025, 2100]))
        some = data.draw(st.lists(st.integers(0, groups - 1), min_size=1, max_size=6))
        domain: list[Any] = data.draw(st.lists(st.one_of(st.none(), st.integers(LOW, HIGH)), min_size=1, max_size=5))
        ids, values = [source.choice(some) for _ in range(n)], [source.choice(domain) for _ in range(n)]
        array, valid = column("i64", values)
        if valid is None:
            valid = memory.padded(np.ones(n, np.uint8))
        at = memory.address(valid)
        block = SumBlock([(item, memory.address(array), at, False), (count, 0, at, False)])
        assert Run().call("agg_sums", c=memory.padded(np.array(ids, np.int64)), k=block.address, n=n) == abi.OK
        for group, value in zip(ids, values, strict=True):
            want.setdefault(group, []).extend([] if value is None else [value])
    result = item.export()
    members = [want.get(g, []) for g in range(groups)]
    assert python_values("i128", result.values, result.valid) == [sum(m) if m else None for m in members]
    assert count.export().values.tolist() == [len(m) for m in members]


def test_states_grow_between_batches() -> None:
    """A column without NULLs has seen the groups that came later too, and only those with rows count."""
    table = GroupTable([GroupKey("i64")], 8)
    states = Accumulators(table)
    item = states.add("sum", "i64")
    for groups in (3, 8, 40):
        run = Run()
        keys, ids = memory.padded(np.arange(groups)), run.out(groups)
        while run.call(table.op, ids, keys, k=table.address, n=groups):
            table.grow()
            states.grow()
        block = SumBlock([(item, memory.address(keys), 0, True)])
        assert Run().call("agg_sums", c=memory.padded(ids), k=block.address, n=groups) == abi.OK
        assert item.export().valid is None
    assert item.export().values[:, 0].tolist() == [i * ((i < 3) + (i < 8) + 1) for i in range(40)]
    states.reset()
    assert item.export().valid.tolist() == [0] * 40


def test_what_it_does() -> None:
    assert in_one_pass("count", "str")
    assert in_one_pass("sum", "i64")
    assert not in_one_pass("sum", "i128")
    assert not in_one_pass("sum", "f64")
    assert not in_one_pass("min", "i64")
    assert small_values(-5, (1 << 46) - 1)
    assert not small_values(0, 1 << 46)
    assert not small_values(-(1 << 46), 0)
