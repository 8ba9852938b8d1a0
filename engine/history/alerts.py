"""Alerts: what about a query that has run is likely to be a design's fault (r_STL_ALERT_EVENT_LOG.md).

    Missing statistics       a table was never analyzed, or all of its rows are newer than its statistics
    Nested loop              a join without equal keys, of more than one row on both sides
    Very selective filter    less than 5 % of the rows that a scan read are in the result of its filter
    Stale sort order         the same although the filter is on the first sort column: the rows are not in its order
    Excessive ghost rows     a tenth or more of the rows that a scan read were deleted
    Large distribution       more than a million rows went to other slices
    Large broadcast          more than a million rows were sent to every node
    Serial execution         DS_DIST_ALL_INNER: one slice does the join

The manual gives the limits of 5 % and of a million rows. A scan is large enough to be told of from SCANNED_ROWS on.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...planner.columns import columns_of_all
from ...planner.physical import HashJoin, Physical, TableScan
from ...planner.steps import Step, StepKind
from ...records import dataclass

SELECTIVE = 0.05
MOVED_ROWS = 1_000_000
SCANNED_ROWS = 100_000
LEAST_ROWS = 1_000  # fewer are never told of
GHOSTS = 0.1
FEW_BLOCKS = 2  # row groups a slice and column that a scan in order reads, at its edges


@dataclass(frozen=True, slots=True)
class Alert:
    """`segment` and `step` -1: of the whole query."""

    event: str
    solution: str
    segment: int = -1
    step: int = -1


@dataclass(frozen=True, slots=True)
class Measured:
    """A step and what it did on all slices together."""

    step: Step
    rows: int
    read: int = 0  # rows of the row groups that a scan opened
    deleted: int = 0  # of them
    row_groups: int = 0


def alerts_of_plan(nodes: Iterable[Physical]) -> Iterator[Alert]:
    """What a plan is warned of however it runs."""
    for node in nodes:
        if not isinstance(node, HashJoin):
            continue
        if not node.probe_keys and min(node.probe.props.rows, node.build.props.rows) > 1:
            yield Alert("Nested Loop Join in the query plan",
                        "Review the join predicates to avoid Cartesian products")
        if node.label == "DS_DIST_ALL_INNER":
            yield Alert("DS_DIST_ALL_INNER for Hash Join in the query plan",
                        "Review the choice of distribution style of the outer table: ALL makes one slice do the join")


def alerts_of_step(measured: Measured, slices: int) -> Iterator[Alert]:
    """What a step did that is too much."""
    step, rows = measured.step, measured.rows
    place = (step.segment, step.step)
    if step.kind is StepKind.DISTRIBUTE and rows > MOVED_ROWS:
        yield Alert(f"Distributed a large number of rows across the network:{rows} rows were distributed",
                    "Review the choice of distribution key to collocate the join or aggregation", *place)
    if step.kind is StepKind.BROADCAST and rows > MOVED_ROWS:
        yield Alert(f"Broadcasted a large number of rows across the network:{rows} rows were broadcast",
                    "Review the choice of distribution key to collocate the join and consider distribution style ALL",
                    *place)
    if isinstance(step.node, TableScan) and step.kind is StepKind.SCAN:
        yield from _of_scan(measured, step.node, slices, place)


def _of_scan(measured: Measured, node: TableScan, slices: int, place: tuple[int, int]) -> Iterator[Alert]:
    if measured.read < SCANNED_ROWS:
        return
    if measured.deleted >= GHOSTS * measured.read:
        yield Alert(f"Scanned a large number of deleted rows:{measured.deleted} of {measured.read} rows "
                    f"of {node.table.name} are ghosts", "Run the VACUUM command to reclaim deleted space", *place)
    kept = measured.read - measured.deleted
    if node.filter is None or not kept or measured.rows >= SELECTIVE * kept:
        return
    ratio = f"ratio=rows({measured.rows})/rows_pre_user_filter({kept})={measured.rows / kept:.6f}"
    if _by_sort_key(node) and measured.row_groups > FEW_BLOCKS * slices:
        yield Alert(f"Stale sort order of {node.table.name}:{ratio}",
                    "Run the VACUUM SORT ONLY command to put the rows in the sort key's order", *place)
    else:
        yield Alert(f"Very selective query filter:{ratio}",
                    "Review the choice of sort key to enable range restricted scans", *place)


def _by_sort_key(node: TableScan) -> bool:
    """Whether zone maps of the first sort column can skip rows."""
    if not node.table.sort_key:
        return False
    first = {ref.id for ref, position in node.columns if position == node.table.sort_key[0]}
    return not first.isdisjoint(columns_of_all(node.pruning))
