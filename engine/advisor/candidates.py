"""Designs worth a look, table by table, and those that rules strike out, each rule with its name and its figure.

    lineitem   distribution   KEY(l_orderkey), KEY(l_partkey), EVEN          ALL: too large
               sort key       none; l_shipdate; l_shipdate, l_orderkey; l_orderkey; interleaved l_shipdate, l_quantity

Rules for distribution keys: a join or group column of the workload; at least KEY_VALUES values a slice; no value with
more than a slice's fair share of skew; few NULLs (all of them meet on one slice). ALL: copies on other nodes add at
most ALL_SHARE to the database; never the largest table. A table of one row group is best everywhere, or anywhere.
Rules for sort keys: columns that zone maps can use, those that drop the most rows first; a table needs two row groups a
slice before anything can be skipped; interleaved keys for large tables that are filtered by several columns.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import TYPE_CHECKING

from ...records import dataclass
from ...storage.schema import DistStyle, Table
from .designs import TableDesign, TableName, name_of, shown
from .samples import Samples
from .usage import Usage

if TYPE_CHECKING:
    from ...storage.schema import CatalogView

KEY_VALUES = 25  # different values a slice that a distribution key needs
KEY_SKEW = 1.25  # rows of the fullest slice, in fair shares
KEY_NULLS = 0.1
ALL_SHARE = 0.25  # of the database's bytes, that further copies of one table may add
ALL_ROWS = 3_000_000
FEW_ROWS = 10_000  # of a largest table that may be everywhere all the same
KEYS_KEPT = 4
SORTED_BY = 4  # columns that a table's sort keys are made of
GROUP_ROWS = 65_536
INTERLEAVED_ROWS = 1_000_000

Distribution = tuple[DistStyle, str | None]
Sorting = tuple[tuple[str, ...], bool]  # columns, interleaved
UNSORTED: Sorting = ((), False)


@dataclass(frozen=True, slots=True)
class Struck:
    """A candidate that a rule strikes out."""

    table: TableName
    what: str
    rule: str

    def __str__(self) -> str:
        return f"{shown(self.table)}: {self.what}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Of one table."""

    table: Table
    distributions: tuple[Distribution, ...]
    sortings: tuple[Sorting, ...]
    struck: tuple[Struck, ...]

    def __iter__(self) -> Iterator[TableDesign]:
        for style, key in self.distributions:
            for names, interleaved in self.sortings:
                yield TableDesign(style, key, names, interleaved)


class Rules:
    """What candidates are judged by: statistics of the catalogue, samples, the topology."""

    def __init__(self, view: CatalogView, usage: Usage, samples: Samples, nodes: int, slices: int,
                 alter_only: Callable[[Table], bool] = lambda table: False) -> None:
        """`alter_only`: tables that are not to be made anew, as an interleaved sort key asks for."""
        self.view, self.usage, self.samples = view, usage, samples
        self.nodes, self.slices = nodes, slices
        self.alter_only = alter_only
        tables = [r for r in view.relations() if isinstance(r, Table)]
        self.bytes = max(1, sum(view.data(t).statistics.bytes for t in tables))
        self.largest = max((view.data(t).statistics.rows for t in tables), default=0)

    def of(self, table: Table) -> Candidates:
        """The table's candidates. The design that it has is always among them."""
        struck: list[Struck] = []
        now = TableDesign.of(table)
        distributions = [(now.style, now.dist_key), *self._distributions(table, struck)]
        sortings = [(now.sort_key, now.interleaved), UNSORTED, *self._sortings(table, struck)]
        if self.alter_only(table):
            sortings = [s for s in sortings if not s[1] or now.interleaved]
            distributions = distributions[:1] if now.interleaved else distributions
            what = "other distributions" if now.interleaved else "interleaved sort keys"
            struck.append(Struck(name_of(table), what, "they need the table made anew"))
        return Candidates(
            table, tuple(dict.fromkeys(distributions)), tuple(dict.fromkeys(sortings)), tuple(struck)
        )

    # -- distribution --------------------------------------------------------------------------------

    def _distributions(self, table: Table, struck: list[Struck]) -> list[Distribution]:
        name, rows = name_of(table), self.view.data(table).statistics.rows
        found: list[Distribution] = [(DistStyle.EVEN, None)]
        if self.slices == 1:
            struck.append(Struck(name, "any distribution", "there is one slice only"))
            return found
        reason: str | None = self._against_all(table)
        if reason is None:
            found.append((DistStyle.ALL, None))
        else:
            struck.append(Struck(name, "ALL", reason))
        if rows <= GROUP_ROWS:
            struck.append(Struck(name, "KEY", f"{rows:,} rows are one row group: ALL serves every join"))
            return found
        wanted = self.usage.joined(name)
        for column, weight in self.usage.of(self.usage.groups, name).items():
            wanted[column] += weight // 4  # a group that need not move is worth less than a join that need not
        kept = 0
        for column, _ in wanted.most_common():
            reason = f"{KEYS_KEPT} keys with more work are kept"
            if kept < KEYS_KEPT:
                reason = self._against_key(table, column)
            if reason is None:
                found.append((DistStyle.KEY, column))
                kept += 1
            else:
                struck.append(Struck(name, f"KEY({column})", reason))
        return found

    def _against_all(self, table: Table) -> str | None:
        statistics = self.view.data(table).statistics
        added = statistics.bytes * (self.nodes - 1) / self.bytes
        if statistics.rows == self.largest and statistics.rows > FEW_ROWS:
            return "it is the largest table: its rows are the work that slices share"
        if statistics.rows > ALL_ROWS:
            return f"{statistics.rows:,} rows are more than {ALL_ROWS:,}: every load would write them on every node"
        if added > ALL_SHARE and statistics.rows > GROUP_ROWS:
            return f"copies on {self.nodes} nodes add {added:.0%} to the database, more than {ALL_SHARE:.0%}"
        return None

    def _against_key(self, table: Table, column: str) -> str | None:
        position = table.position(column)
        known = None if position is None else self.view.data(table).statistics.columns.get(table.columns[position].id)
        rows = max(1, self.view.data(table).statistics.rows)
        if position is None or known is None:
            return "nothing is known of its values: run ANALYZE"
        if known.distinct < KEY_VALUES * self.slices:
            return f"about {known.distinct:,.0f} values are too few for {self.slices} slices"
        if known.null_count > KEY_NULLS * rows:
            return f"{known.null_count / rows:.0%} are NULL, which all meet on one slice"
        fullest = self.samples.of(table).fullest(position, self.slices)
        if fullest > KEY_SKEW:
            return f"the fullest slice would have {fullest:.2f} times its share of rows"
        return None

    # -- sort keys -----------------------------------------------------------------------------------

    def _sortings(self, table: Table, struck: list[Struck]) -> list[Sorting]:
        name, rows = name_of(table), self.view.data(table).statistics.rows
        if rows < 2 * GROUP_ROWS:
            struck.append(Struck(name, "sort keys", f"{rows:,} rows are too few row groups to skip any"))
            return []
        filters = [c for c, _ in self.usage.of(self.usage.filters, name).most_common(SORTED_BY)]
        joins = [c for c, _ in self.usage.joined(name).most_common(SORTED_BY) if c not in filters]
        others = _after(self.usage, name, {*filters, *joins})
        found: list[Sorting] = [((column,), False) for column in (*filters, *joins, *others)]
        found += [(pair, False) for pair in permutations(filters, 2)]
        found += [((column, joins[0]), False) for column in filters[:2] if joins]
        if rows < INTERLEAVED_ROWS:
            struck.append(Struck(name, "interleaved sort keys", f"{rows:,} rows are fewer than {INTERLEAVED_ROWS:,}"))
        elif len(filters) > 1:
            found += [(tuple(filters[:n]), True) for n in range(2, len(filters) + 1)]
            if joins:
                found.append(((*filters[:2], joins[0]), True))
        return found


def _after(usage: Usage, name: TableName, seen: set[str]) -> list[str]:
    """The column most ordered by, where nothing else asks for it."""
    ordered = Counter({c: w for c, w in usage.of(usage.orders, name).items() if c not in seen})
    return [c for c, _ in ordered.most_common(1)]
