"""What the random queries were made of: printed at the end of a long run, so that gaps are seen."""

from __future__ import annotations

import re
from collections import Counter

WORDS = (
    "inner join", "left join", "right join", "full join", "cross join", "using", "exists", "not exists", "in", "not in",
    "any", "all", "union", "union all", "intersect", "intersect all", "except", "except all", "with", "distinct",
    "group by", "rollup", "cube", "grouping sets", "having", "qualify", "over", "partition by", "rows", "range",
    "order by", "limit", "offset", "case", "nulls first", "nulls last",
    "like", "similar to", "between", "is null", "is not null", "and", "or", "not",
)  # fmt: skip
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(")
_OPERATOR = re.compile(r"\|\||<>|<=|>=|[-+*/%<>=]")
_TYPE = re.compile(r"(?:cast\([^()]*? as |::)\s*([a-z]+(?: precision)?)")


class Coverage:
    """Counts queries by what stands in their text, and by what came of them."""

    def __init__(self) -> None:
        self.queries = 0
        self.with_rows = 0
        self.failed = 0
        kinds = ("clauses", "functions", "operators", "casts")
        self.seen: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}

    def add(self, text: str, rows: int, failed: bool) -> None:
        self.queries += 1
        self.with_rows += rows > 0
        self.failed += failed
        plain = f" {' '.join(text.split())} ".replace("(", " ( ")
        self.seen["clauses"].update(w for w in WORDS if f" {w} " in plain)
        self.seen["functions"].update({f for f in _CALL.findall(text) if f not in WORDS})
        self.seen["operators"].update(set(_OPERATOR.findall(text)))
        self.seen["casts"].update(set(_TYPE.findall(text)))

    def lines(self) -> list[str]:
        """The report."""
        share = 100 / max(1, self.queries)
        found = [f"{self.with_rows * share:.0f} % return rows, {self.failed * share:.1f} % err or are refused"]
        for kind, counts in self.seen.items():
            found.append(f"{kind}: " + ", ".join(f"{name} {number}" for name, number in counts.most_common()))
        return found
