"""Rows split by target: every row once, in its order, where its target's part is."""
from __future__ import annotations

import numpy as np
import pytest
from warehouse.errors import InternalError
from warehouse.kernels.partition import partition_permutation


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (0, 4), (1, 1), (1, 5), (1000, 1), (1000, 7), (1000, 3000)])
def test_partition(rows: int, parts: int) -> None:
    targets = np.random.default_rng(rows).integers(0, parts, rows)
    perm, offsets = partition_permutation(targets, parts)
    assert perm.tolist() == np.argsort(targets, kind="stable").tolist()
    assert offsets.tolist() == [0, *np.cumsum(np.bincount(targets, minlength=parts)).tolist()]


@pytest.mark.parametrize("bad", [-1, 3])
def test_targets_outside_are_refused(bad: int) -> None:
    with pytest.raises(InternalError, match=r"outside 0\.\.2"):
        partition_permutation(np.array([0, bad]), 3)
