"""Query monitoring rules: up to three predicates over a query's metrics, and what to do when all hold.

    rule "runaway": nested_loop_join_row_count > 100 and query_execution_time > 5  ->  abort

Of the rules of a queue that speak at the same time the most severe is carried out, by name among equals; the others
are recorded with the action "none". A `log` speaks once for each query; hop and abort end the query's stay in
the queue, and a changed priority is not changed again to the same.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..records import dataclass
from .metrics import PRIORITY
from .priorities import Priority

LOG, CHANGE, HOP, ABORT = "log", "change_query_priority", "hop", "abort"
ACTIONS = (LOG, CHANGE, HOP, ABORT)  # by severity
OPERATORS = ("=", "<", ">")
MOST_RULES, MOST_PREDICATES, NAME_LENGTH = 25, 3, 32


@dataclass(frozen=True, slots=True)
class Predicate:
    """metric operator value; of query_priority the value is a Priority."""

    metric: str
    operator: str
    value: float

    def holds(self, metrics: Mapping[str, float]) -> bool:
        found = metrics.get(self.metric, 0)
        if self.operator == ">":
            return found > self.value
        return found < self.value if self.operator == "<" else found == self.value

    @property
    def shown(self) -> str:
        """The value as text."""
        return Priority(int(self.value)).name.lower() if self.metric == PRIORITY else f"{self.value:.15g}"


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    predicates: tuple[Predicate, ...]
    action: str
    priority: Priority | None = None  # of change_query_priority

    def holds(self, metrics: Mapping[str, float]) -> bool:
        return all(p.holds(metrics) for p in self.predicates)

    @property
    def asks(self) -> set[str]:
        """Metrics that it looks at."""
        return {p.metric for p in self.predicates}


def speaking(rules: Sequence[Rule], metrics: Mapping[str, float], spoken: Collection[str]) -> list[Rule]:
    """Rules whose predicates hold and that have not spoken for this query, the one to carry out first."""
    found = [r for r in rules if r.name not in spoken and r.holds(metrics)]
    return sorted(found, key=lambda r: (-ACTIONS.index(r.action), r.name))
