"""A join whose build side is too large for memory: both sides are divided by the hash of their keys, and each
partition is joined as any join is.

    build rows --hash--> partition 0, 1, 2 ...     on disk
    probe rows --hash--> partition 0, 1, 2 ...     on disk        (GRACE hash join; every join type)

    for each partition: its build rows into memory, its probe rows through them, piece by piece

A partition that is still too large is divided again by other bits of the hash. Where that does not help (all its
rows have one key, or the join has none) the probe rows go through one block of build rows after the other:

    INNER, RIGHT, RIGHT_SEMI, RIGHT_ANTI   blocks do not know of each other: what they give is put together
    SEMI, ANTI                             only probe rows without a match so far go on to the next block
    LEFT, FULL                             INNER or RIGHT, and NULLs for the rows that ANTI leaves
    SINGLE                                 the same; rows that have had their match must find no other

NOT IN looks at the whole list first: a NULL in it lets no row pass, and the list is not empty, so rows with a NULL
key go; after that it is an ANTI join.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from ...errors import CardinalityViolation
from ...planner.expressions import ColumnId, ColumnRef
from ...planner.physical import HashJoin, JoinType
from ..compile.segment import Segment
from ..marked_joins import marked_join
from ..rows import Pieces, Rows, pieces_of
from ..tasks import TOO_MANY_ROWS
from .batches import lots
from .partitions import MOST_LEVELS, Split, count_for, divided, is_wide
from .results import Results

if TYPE_CHECKING:
    from ..executor import Executor, Outputs
    from ..key_filters import Passed

STUCK = 0.9  # a partition with this share of the rows that were divided is not worth dividing again
_BY_BLOCKS = (JoinType.INNER, JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
# What finds the rows with a match in one block, what adds those that have had none in any.
_WITH_MATCH = {JoinType.LEFT: JoinType.INNER, JoinType.FULL: JoinType.RIGHT}
_WITHOUT_MATCH = {JoinType.ANTI: JoinType.ANTI, JoinType.LEFT: JoinType.LEFT, JoinType.FULL: JoinType.LEFT,
                  JoinType.SINGLE: JoinType.SINGLE}
_MARKED = (JoinType.RIGHT, JoinType.FULL, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
# Without build rows no row comes out.
_NEEDS_BUILD = (JoinType.INNER, JoinType.SEMI, JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
# ... without probe rows.
_NEEDS_PROBE = (JoinType.INNER, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE, JoinType.RIGHT_SEMI)


def join(executor: Executor, node: HashJoin, build: Rows, keys: Sequence[ColumnId],
         filters: Sequence[Passed] = ()) -> Rows:
    """The rows of a join with these build rows; `filters`: for probe rows."""
    probe, probe_keys = executor.with_columns(node.probe, list(node.probe_keys), filters)
    step = _Join(executor, node, probe_keys, keys, executor.outputs(node))
    return step.run(probe, build)


class _Join:
    """One join; rows of any partition of it."""

    def __init__(self, executor: Executor, node: HashJoin, probe_keys: Sequence[ColumnId],
                 build_keys: Sequence[ColumnId], outputs: Outputs) -> None:
        self._executor = executor
        self._original = node  # what counters are booked to
        self._probe_keys, self._build_keys = tuple(probe_keys), tuple(build_keys)
        self._outputs = outputs
        types = [e.type for e in node.probe_keys]
        refs = tuple(ColumnRef(id, type, "key") for id, type in zip(probe_keys, types, strict=True))
        self._node = replace(node, probe_keys=refs, null_aware=False)

    def run(self, probe: Rows, build: Rows) -> Rows:
        drop_nulls = self._original.null_aware and self._original.type is JoinType.ANTI
        if drop_nulls and self._has_null(build):
            none = Rows([Pieces([p[0].empty()]) for p in map(pieces_of, probe.every())], probe.where)
            return none.select([(ref, ref.id) for ref, _ in self._outputs])
        return self._joined(probe, build, 0, drop_nulls)

    def _has_null(self, build: Rows) -> bool:
        nullable = (p for p in build.pieces() if any(c.nullable for c in p.columns if c.ref.id in self._build_keys))
        return any(
            (valid := part.column(key).valid) is not None and not valid[: part.rows].all()
            for part in (p.load() for p in nullable) for key in self._build_keys
        )

    def _joined(self, probe: Rows, build: Rows, level: int, drop_nulls: bool = False) -> Rows:
        """Rows that are too many, divided."""
        if not self._build_keys:
            return self._by_blocks(probe, build)
        executor = self._executor
        wide = tuple(is_wide(probe, p) or is_wide(build, b)
                     for p, b in zip(self._probe_keys, self._build_keys, strict=True))
        count = count_for(2 * build.size, executor.context.budget.room)
        split = Split(self._build_keys, wide, count, level, nulls_meet=False)
        total = build.rows
        builds = divided(build, split, executor.spool(self._original)(), executor.cluster.each)
        split = replace(split, keys=self._probe_keys, drop_nulls=drop_nulls)
        probes = divided(probe, split, executor.spool(self._original)(), executor.cluster.each)
        results = Results(executor, self._original)
        for p in range(count):
            if self._gives_rows(probes[p], builds[p]) or results.empty:
                results.add(self._partition(probes[p], builds[p], level, total))
            probes[p].forget()
            builds[p].forget()
        return results.together()

    def _gives_rows(self, probe: Rows, build: Rows) -> bool:
        kind = self._node.type
        return not (not build.rows and kind in _NEEDS_BUILD) and not (not probe.rows and kind in _NEEDS_PROBE)

    def _partition(self, probe: Rows, build: Rows, level: int, before: int) -> Rows:
        if not self._executor.is_large(build):
            return self._whole(self._node, probe, build, self._outputs)
        if build.rows > STUCK * before or level + 1 >= MOST_LEVELS:
            return self._by_blocks(probe, build)
        return self._joined(probe, build, level + 1)

    def _whole(self, node: HashJoin, probe: Rows, build: Rows, outputs: Outputs) -> Rows:
        """Build rows that fit memory, probed by all probe rows."""
        executor = self._executor
        side = executor.build_side(node, build, self._build_keys)
        source, where = executor.stored(probe, node.probe, not side.shared)
        segment = Segment()
        source.emit(segment)
        segment.source_rows = probe.rows
        if node.type in _MARKED:
            return marked_join(executor, node, side, segment, source, where, outputs, self._original)
        segment.builder.node = self._original
        segment.probe(node, side)
        return executor.collected(self._original, segment, source, where, outputs)

    # -- block by block ----------------------------------------------------------------------------------

    def _by_blocks(self, probe: Rows, build: Rows) -> Rows:
        """Build rows that cannot be divided by key."""
        kind = self._node.type
        results = Results(self._executor, self._original)
        if kind in _BY_BLOCKS:
            for block in self._blocks(build):
                results.add(self._whole(self._node, probe, block, self._outputs))
            return results.together()
        rest, met = probe, Results(self._executor, self._original)
        for block in self._blocks(build):
            if kind in _WITH_MATCH:
                results.add(self._typed(_WITH_MATCH[kind], probe, block))
            elif kind is JoinType.SEMI:
                results.add(self._whole(self._node, rest, block, self._outputs))
            elif kind is JoinType.SINGLE:
                self._only_match(rest, block, met, results)
            rest = self._typed(JoinType.ANTI, rest, block, self._every(probe))
        if kind is not JoinType.SEMI:
            nothing = Rows([p[0].empty() for p in map(pieces_of, build.every())], build.where)
            results.add(self._typed(_WITHOUT_MATCH[kind], rest, nothing))
        return results.together()

    def _only_match(self, rest: Rows, block: Rows, met: Results, results: Results) -> None:
        """A scalar subquery's rows: `rest` may find one row each, those that were `met` before none."""
        if not met.empty and self._typed(JoinType.SEMI, met.together(), block, self._every(rest)).rows:
            raise CardinalityViolation(TOO_MANY_ROWS)
        some = self._typed(JoinType.SEMI, rest, block, self._every(rest))
        met.add(some)
        results.add(self._whole(self._node, some, block, self._outputs))

    def _typed(self, kind: JoinType, probe: Rows, build: Rows, outputs: Outputs | None = None) -> Rows:
        """As a join of another type."""
        return self._whole(replace(self._node, type=kind), probe, build, outputs or self._outputs)

    @staticmethod
    def _every(probe: Rows) -> Outputs:
        return [(c.ref, c.ref) for c in probe.pieces()[0].columns]

    def _blocks(self, build: Rows) -> Iterator[Rows]:
        """The build rows in lots that fit memory; each has some of every slice."""
        budget = self._executor.context.budget
        target = max(budget.room // (4 * len(build)), budget.least)
        none = [pieces_of(part)[0].empty() for part in build.every()]
        for block in zip_longest(*(lots(pieces_of(part), target) for part in build.every())):
            yield Rows([Pieces(lot or [empty]) for lot, empty in zip(block, none, strict=True)], build.where)

