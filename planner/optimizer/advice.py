"""Advice: which DISTKEY or DISTSTYLE would have made a move needless.

    broadcasts 38 MB; DISTKEY(o_orderkey) on both sides avoids it
    redistributes 110 MB; DISTKEY(l_orderkey) on lineitem and DISTKEY(o_orderkey) on orders avoids it
    broadcasts 2 MB; DISTSTYLE ALL on part avoids it

Given for moves of more than ADVICE_BYTES whose join key is a plain column of a base table on both
sides. A build side of up to ALL_ROWS rows is better kept everywhere.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..expressions import Expr
from ..physical import Exchange, Move, Physical
from .distribution import key_column

if TYPE_CHECKING:
    from ...storage.schema import Table
    from .plan import Planner

ADVICE_BYTES = 1 << 20
ALL_ROWS = 20_000


def advise(planner: Planner, keys: tuple[tuple[Expr, Expr], ...], probe: Physical, build: Physical) -> None:
    moved = [side for side in (probe, build) if isinstance(side, Exchange)]
    size = sum([side.props.rows * side.props.width for side in moved])
    if not moved or size < ADVICE_BYTES:
        return
    remedy = _remedy(planner, keys, build)
    if remedy is not None:
        verb = "broadcasts" if moved[-1].move is Move.BROADCAST else "redistributes"
        line = f"{verb} {size / 1e6:.0f} MB; {remedy} avoids it"
        if line not in planner.advice:
            planner.advice.append(line)


def _remedy(planner: Planner, keys: tuple[tuple[Expr, Expr], ...], build: Physical) -> str | None:
    for probe_key, build_key in keys:
        left, right = _origin(planner, probe_key), _origin(planner, build_key)
        if left is None or right is None:
            continue
        if isinstance(build, Exchange) and build.props.rows <= ALL_ROWS:
            return f"DISTSTYLE ALL on {right[0].name}"
        if left[1] == right[1]:
            return f"DISTKEY({right[1]}) on both sides"
        return f"DISTKEY({left[1]}) on {left[0].name} and DISTKEY({right[1]}) on {right[0].name}"
    return None


def _origin(planner: Planner, key: Expr) -> tuple[Table, str] | None:
    column = key_column(key)
    return None if column is None else planner.origins.get(column.id)
