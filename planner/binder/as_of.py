"""FOR TIMESTAMP | VERSION AS OF: an Iceberg table as it was (Athena: querying-iceberg-table-data).

    from lake.t for timestamp as of timestamp '2020-01-01 10:00:00 UTC'      the snapshot that was the newest then
    from lake.t for timestamp as of (current_timestamp - interval '1' day)
    from lake.t for version as of 949530903748831860                         the snapshot of that number

FOR SYSTEM_TIME, an older word, means the same as TIMESTAMP. A moment without a zone is one in UTC,
whatever the session's zone. Which snapshot it is the engine finds out (engine/lake/snapshots.py), and refuses tables
that have none.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...records import dataclass
from ..expressions import Expr
from .context import Binder
from .ctes import EMPTY
from .expressions import ExpressionBinder
from .scope import Scope


@dataclass(frozen=True, slots=True)
class AsOf:
    """`text`: a moment that was written as text; else `value` is an expression that can be computed now."""

    is_version: bool
    value: Expr | None
    text: str | None = None
    position: int | None = None


def as_of(b: Binder, table: Any) -> AsOf | None:
    """What stands behind a table's name, if anything does."""
    node = table.args.get("version")
    if node is None:
        return None
    position = b.position(table)
    is_version = str(node.this).upper() == "VERSION"
    if str(node.args.get("kind")).upper() != "AS OF":
        raise NotSupportedError(f"FOR {node.this} {node.args.get('kind')} is not supported: AS OF is",
                                position=position)
    b.context.stable = True  # the plan is for this snapshot alone
    inner = node.expression
    if inner is None:
        raise SqlSyntaxError("AS OF needs a value", position=position)
    literal = inner.this if isinstance(inner, exp.Cast) and not is_version else inner
    if isinstance(literal, exp.Literal) and literal.is_string:
        return AsOf(is_version, None, literal.this, position)
    known = len(b.leader_tables)
    value = ExpressionBinder(b, Scope(), EMPTY, "AS OF").bind(inner)
    del b.leader_tables[known:]  # CURRENT_TIMESTAMP is computed by the leader: no slice is asked
    return AsOf(is_version, value, None, position)
