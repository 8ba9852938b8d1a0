"""Arrays for native code: several small ones in one piece of memory."""
from __future__ import annotations

import numpy as np
import pytest
from warehouse.kernels import memory

KINDS = [np.dtype(np.int64), np.dtype(np.uint8), np.dtype(np.float64)]


@pytest.mark.parametrize("rows", [0, 1, 17, 4096])
def test_arrays_in_one_piece_are_apart_and_padded(rows: int) -> None:
    wanted = [(rows, kind) for kind in KINDS] + [((rows, 2), KINDS[0]), (rows, KINDS[1])]
    arrays, addresses = memory.together(wanted)
    ends = [at + array.nbytes for at, array in zip(addresses, arrays, strict=True)]
    for array, at, (shape, kind) in zip(arrays, addresses, wanted, strict=True):
        assert (array.shape, array.dtype) == ((shape,) if isinstance(shape, int) else shape, kind)
        assert at % memory.ALIGNMENT == 0 and (not rows or at == memory.address(array))
    assert all(behind - end >= memory.SLACK for end, behind in zip(ends, addresses[1:], strict=False))
    for number, array in enumerate(arrays):
        array[...] = number
    assert all((array == number).all() for number, array in enumerate(arrays))
    assert not rows or all(memory.has_slack(array.reshape(-1)) for array in arrays)


def test_nothing_in_one_piece() -> None:
    assert memory.together([]) == ([], [])
