"""Why a table has a design: one sentence for its distribution, one for its sort key, from what the workload asks."""
from __future__ import annotations

from collections.abc import Sequence

from ...storage.schema import DistStyle
from .designs import Design, TableDesign, TableName, shown
from .usage import Usage

EVERYWHERE = " (ALL)"  # behind the name of a partner that every node has
ITSELF = "itself on "
NAMED = 6  # queries that a reason names; others are counted


def reason(name: TableName, design: Design, usage: Usage) -> str:
    """Of the table `name` in a whole design."""
    chosen = design[name]
    return f"{_of_distribution(name, chosen, design, usage)} {_of_sort_key(name, chosen, usage)}"


def _of_distribution(name: TableName, chosen: TableDesign, design: Design, usage: Usage) -> str:
    match chosen.style:
        case DistStyle.KEY:
            assert chosen.dist_key is not None
            return f"KEY({chosen.dist_key}): {_of_key(name, chosen.dist_key, design, usage)}."
        case DistStyle.ALL:
            joins = sorted({q for (kind, column), found in usage.queries.items() if kind == "join" and column[0] == name
                            for q in found})
            return f"ALL: small enough for a copy on every node, so that no join moves it{_in(joins)}."
        case _:
            return f"{chosen.style.value}: no join or group is worth a key, and rows are spread evenly."


def _of_key(name: TableName, key: str, design: Design, usage: Usage) -> str:
    partners = [p for p in collocated(name, design, usage) if not p.endswith(EVERYWHERE) and not p.startswith(ITSELF)]
    joins, groups = usage.asked("join", (name, key)), usage.asked("group", (name, key))
    if partners:
        return f"joins with {', '.join(partners)} move nothing{_in(joins)}"
    if groups:
        alone = any(p.startswith(ITSELF) for p in collocated(name, design, usage))
        itself = " and joins of the table with itself" if alone else ""
        return f"groups by it{itself} stay on their slice{_in(groups)}"
    return f"rows lie where joins by it want them{_in(joins)}" if joins else "nothing in the workload asks for another"


def collocated(name: TableName, design: Design, usage: Usage) -> list[str]:
    """Tables whose join with this one finds matching rows on the same slice."""
    found = set()
    key = (name, design[name].dist_key)
    for sides in usage.joins:
        for own, other in (sides, sides[::-1]):
            there = design.get(other[0])
            if own[0] != name or there is None:
                continue
            if own == other == key:
                found.add(f"{ITSELF}{own[1]}")
            elif other[0] != name and there.style is DistStyle.ALL:
                found.add(shown(other[0]) + EVERYWHERE)
            elif other[0] != name and own == key and there.dist_key == other[1]:
                found.add(f"{shown(other[0])} on {other[1]}")
    return sorted(found)


def _of_sort_key(name: TableName, chosen: TableDesign, usage: Usage) -> str:
    if not chosen.sort_key:
        return "No sort key: none skips enough more than the order that rows are loaded in."
    parts = []
    for column in chosen.sort_key:
        filters, joins = usage.asked("filter", (name, column)), usage.asked("join", (name, column))
        if filters:
            parts.append(f"{column} is filtered{_in(filters)}")
        elif joins:
            parts.append(f"{column} is joined{_in(joins)}")
    how = "Interleaved by" if chosen.interleaved else "Sorted by"
    return f"{how} {', '.join(chosen.sort_key)}" + (f": {'; '.join(parts)}." if parts else ".")


def _in(queries: Sequence[str]) -> str:
    if not queries:
        return ""
    more = f" and {len(queries) - NAMED} more" if len(queries) > NAMED else ""
    return f" in {', '.join(queries[:NAMED])}{more}"
