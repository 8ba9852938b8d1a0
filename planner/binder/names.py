"""What a column of a result is called when nobody says so (PostgreSQL's FigureColname)."""
from __future__ import annotations

from typing import Any

from sqlglot import exp

NONE = "?column?"
# Calls whose result is not named as they are written.
_CALLS = {"dateadd": "date_add", "datediff": "date_diff", "nvl": "coalesce", "decode": "case", "pow": "power",
          "log": "dlog10", "approximate_count": "count", "approximate_percentile_disc": "percentile_disc",
          "now": "getdate", "substr": "substring"}
_NODES: dict[type, str] = {
    exp.Extract: "date_part", exp.Substring: "substring", exp.StrPosition: "position",
    exp.DecodeCase: "case", exp.CurrentDate: "date", exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user", exp.CurrentSchema: "current_schema", exp.Exists: "?column?",
    exp.Boolean: "bool", exp.Interval: "interval", exp.AtTimeZone: "timezone",
    exp.CurrentUserId: "current_user_id", exp.ObjectTransform: "object_transform",
}
_TRIMS = {"LEADING": "ltrim", "TRAILING": "rtrim"}


def output_name(node: Any) -> str:
    """The name of a select-list item."""
    match node:
        case exp.Alias():
            return str(node.args["alias"].name).lower()
        case exp.Column():
            return str(node.name).lower()
        case exp.Paren():
            return output_name(node.this)
        case exp.Anonymous():
            name = (node.this if isinstance(node.this, str) else node.this.name).lower()
            if name == "nullif" and node.expressions:  # as the CASE that it is
                return "case" if _is_weak(node.expressions[0]) else output_name(node.expressions[0])
            return _CALLS.get(name, name)
        case exp.Cast():
            return _of_cast(node)
        case exp.Case():
            otherwise = node.args.get("default")
            return "case" if otherwise is None or _is_weak(otherwise) else output_name(otherwise)
        case exp.Trim():
            return _TRIMS.get(str(node.args.get("position")), "btrim")
        case exp.CurrentTimestamp():
            return "timestamp" if node.args.get("sysdate") else "timestamptz"
        case exp.Dot():
            return output_name(node.expression)
        case exp.Bracket():
            return output_name(node.this)
        case exp.Window() | exp.WithinGroup() | exp.IgnoreNulls() | exp.RespectNulls():
            return output_name(node.this)
        case exp.Identifier():
            return str(node.name).lower()
        case _:
            return _NODES.get(type(node), NONE)


def _of_cast(node: exp.Cast) -> str:
    """The operand's name, or the type's: of casts of casts the outermost one's."""
    if not _is_weak(node.this):
        return output_name(node.this)
    types = {"INT": "int4", "BIGINT": "int8", "SMALLINT": "int2", "DECIMAL": "numeric", "DOUBLE": "float8",
             "FLOAT": "float4", "BOOLEAN": "bool", "CHAR": "bpchar", "TEXT": "varchar", "VARBINARY": "varbyte"}
    this = node.args["to"].this
    word = this.value if isinstance(this, exp.DataType.Type) else str(this)
    return types.get(word, word.lower())


def _is_weak(node: Any) -> bool:
    """Whether an operand's name gives way to that of a cast or CASE around it: it has none, or one of its type."""
    match node:
        case exp.Paren() | exp.Cast():
            return _is_weak(node.this)
        case exp.Case():
            otherwise = node.args.get("default")
            return otherwise is None or _is_weak(otherwise)
        case exp.Boolean() | exp.Interval() | exp.CurrentTimestamp() | exp.CurrentDate():  # casts of constants, these
            return True
        case exp.Anonymous() if node.name.lower() == "nullif" and node.expressions:
            return _is_weak(node.expressions[0])
        case _:
            return output_name(node) == NONE
