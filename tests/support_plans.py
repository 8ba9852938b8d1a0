"""Logical plans and expressions as short text, for tests that look at what the binder made.

    bind("select a + 1 from t")       -> logical.Query over the little catalogue below
    show(query)                       -> indented text, columns as name#id
    TYPES                             -> table t has a column of every type
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from warehouse.planner import expressions as x
from warehouse.planner import logical as l
from warehouse.planner.binder import BindContext, bind_query
from warehouse.planner.parse import parse_script
from warehouse.storage.access.facts import Facts
from warehouse.storage.schema import Column, Table, Topology, View
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    SqlType,
    char,
    decimal,
    varchar,
)

MONEY = decimal(15, 2)
TPCH: dict[str, list[tuple[str, SqlType]]] = {
    "region": [("r_regionkey", INTEGER), ("r_name", char(25)), ("r_comment", varchar(152))],
    "nation": [
        ("n_nationkey", INTEGER), ("n_name", char(25)), ("n_regionkey", INTEGER), ("n_comment", varchar(152)),
    ],
    "supplier": [
        ("s_suppkey", INTEGER), ("s_name", char(25)), ("s_address", varchar(40)), ("s_nationkey", INTEGER),
        ("s_phone", char(15)), ("s_acctbal", MONEY), ("s_comment", varchar(101)),
    ],
    "customer": [
        ("c_custkey", INTEGER), ("c_name", varchar(25)), ("c_address", varchar(40)), ("c_nationkey", INTEGER),
        ("c_phone", char(15)), ("c_acctbal", MONEY), ("c_mktsegment", char(10)), ("c_comment", varchar(117)),
    ],
    "part": [
        ("p_partkey", INTEGER), ("p_name", varchar(55)), ("p_mfgr", char(25)), ("p_brand", char(10)),
        ("p_type", varchar(25)), ("p_size", INTEGER), ("p_container", char(10)), ("p_retailprice", MONEY),
        ("p_comment", varchar(23)),
    ],
    "partsupp": [
        ("ps_partkey", INTEGER), ("ps_suppkey", INTEGER), ("ps_availqty", INTEGER), ("ps_supplycost", MONEY),
        ("ps_comment", varchar(199)),
    ],
    "orders": [
        ("o_orderkey", BIGINT), ("o_custkey", INTEGER), ("o_orderstatus", char(1)), ("o_totalprice", MONEY),
        ("o_orderdate", DATE), ("o_orderpriority", char(15)), ("o_clerk", char(15)), ("o_shippriority", INTEGER),
        ("o_comment", varchar(79)),
    ],
    "lineitem": [
        ("l_orderkey", BIGINT), ("l_partkey", INTEGER), ("l_suppkey", INTEGER), ("l_linenumber", INTEGER),
        ("l_quantity", MONEY), ("l_extendedprice", MONEY), ("l_discount", MONEY), ("l_tax", MONEY),
        ("l_returnflag", char(1)), ("l_linestatus", char(1)), ("l_shipdate", DATE), ("l_commitdate", DATE),
        ("l_receiptdate", DATE), ("l_shipinstruct", char(25)), ("l_shipmode", char(10)),
        ("l_comment", varchar(44)),
    ],
}
TYPES: list[tuple[str, SqlType]] = [
    ("a", INTEGER), ("b", BIGINT), ("s", SMALLINT), ("x", decimal(8, 2)), ("f", DOUBLE), ("r", REAL),
    ("c", char(5)), ("v", varchar(20)), ("d", DATE), ("ts", TIMESTAMP), ("tz", TIMESTAMPTZ), ("tm", TIME),
    ("z", BOOLEAN),
]
TABLES = {**TPCH, "t": TYPES, "u": [("a", INTEGER), ("k", INTEGER), ("v", varchar(7))]}
VIRTUAL = {"pg_catalog.pg_class": (("oid", INTEGER), ("relname", varchar(128)))}
NOW = datetime(2024, 2, 29, 13, 14, 15, 678_901, tzinfo=UTC)


class Catalogue:
    """A CatalogView of fixed tables and views."""

    snapshot = 1
    topology = Topology.even(1, 2)
    facts = Facts()

    def __init__(self, views: dict[str, str] | None = None) -> None:
        self.all: dict[str, Table | View] = {}
        for number, (name, columns) in enumerate(TABLES.items()):
            fields = tuple(Column(i, n, t, nullable=n != "k") for i, (n, t) in enumerate(columns))
            self.all[name] = Table(number, "public", name, fields)
        for name, sql in (views or {}).items():
            self.all[name] = View(len(self.all), "public", name, sql)

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        return self.all.get(name) if schema in (None, "public") else None

    def data(self, table: Table) -> Any:
        raise NotImplementedError

    def schemas(self) -> tuple[str, ...]:
        return ("public",)

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        return tuple(self.all.values())


def context(parameters: Sequence[Any] | None = None, **settings: str) -> BindContext:
    return BindContext(
        settings=settings, parameters=parameters, virtual_tables=VIRTUAL,
        leader_only=frozenset(VIRTUAL), now=NOW, user="ann", database="dev",
    )


def bind(
    sql: str, parameters: Sequence[Any] | None = None, views: dict[str, str] | None = None, **settings: str
) -> l.Query:
    """The bound plan of one query over the catalogue."""
    (parsed,) = parse_script(sql)
    return bind_query(parsed.statement.tree, Catalogue(views), context(parameters, **settings))


def one(sql: str, parameters: Sequence[Any] | None = None) -> x.Expr:
    """The bound expression of `select <sql> from t`."""
    plan = bind(f"select {sql} from t", parameters).plan
    assert isinstance(plan, l.Project)
    return plan.columns[0][1]


def text(sql: str, parameters: Sequence[Any] | None = None) -> str:
    """`one` as short text with its type: 'add(a, 1) :: integer'."""
    expr = one(sql, parameters)
    return f"{expression(expr)} :: {expr.type}"


# -- printing ------------------------------------------------------------------------------------


def expression(e: x.Expr, ids: bool = False) -> str:
    def sub(inner: x.Expr) -> str:
        return expression(inner, ids)

    def many(args: Sequence[x.Expr]) -> str:
        return ", ".join(sub(a) for a in args)

    match e:
        case x.ColumnRef():
            return f"{e.name}#{e.id}" if ids else e.name
        case x.Literal():
            return "null" if e.value is None else repr(e.value)
        case x.Call():
            return f"{e.key}({many(e.args)})"
        case x.Cast():
            return f"{'cast' if e.implicit else 'CAST'}({sub(e.operand)} as {e.type})"
        case x.Compare():
            return f"({sub(e.left)} {e.op} {sub(e.right)})"
        case x.And():
            return f"({' and '.join(sub(a) for a in e.args)})"
        case x.Or():
            return f"({' or '.join(sub(a) for a in e.args)})"
        case x.Not():
            return f"not {sub(e.arg)}"
        case x.IsNull():
            return f"({sub(e.arg)} is {'not ' if e.negated else ''}null)"
        case x.InList():
            items = ", ".join([repr(v) for v in e.values] + ["null"] * e.has_null)
            return f"({sub(e.arg)} {'not ' if e.negated else ''}in ({items}))"
        case x.Like():
            word = "ilike" if e.case_insensitive else "like"
            return f"({sub(e.arg)} {'not ' if e.negated else ''}{word} {e.pattern!r} escape {e.escape!r})"
        case x.Case():
            whens = " ".join(f"when {sub(c)} then {sub(r)}" for c, r in e.whens)
            return f"case {whens} else {sub(e.default)} end"
        case x.AggregateCall():
            return f"{e.function}({'distinct ' if e.distinct else ''}{many(e.args)})"
        case x.ScalarSubquery():
            return f"scalar[{one_line(e.plan, ids)}]"
        case x.Exists():
            return f"{'not ' if e.negated else ''}exists[{one_line(e.plan, ids)}]"
        case x.Quantified():
            return f"({sub(e.arg)} {e.op} {'all' if e.all else 'any'}[{one_line(e.plan, ids)}])"


def one_line(plan: l.Logical, ids: bool = False) -> str:
    return " <- ".join(line.strip() for line in lines(plan, 0, ids))


def show(query: l.Query, ids: bool = False) -> str:
    """The plan, one node a line, children indented; CTEs first."""
    out = []
    for number, plan, _ in query.ctes:
        out += [f"cte {number}", *lines(plan, 1, ids)]
    return "\n".join(out + lines(query.plan, 0, ids))


def lines(plan: l.Logical, depth: int, ids: bool = False) -> list[str]:
    head, inputs = _node(plan, ids)
    out = ["  " * depth + head]
    for child in inputs:
        out += lines(child, depth + 1, ids)
    return out


def _node(plan: l.Logical, ids: bool) -> tuple[str, tuple[l.Logical, ...]]:
    def ref(c: x.ColumnRef) -> str:
        return expression(c, ids)

    def named(pairs: Any) -> str:
        return ", ".join(ref(c) if c == e else f"{ref(c)} = {expression(e, ids)}" for c, e in pairs)

    match plan:
        case l.Scan():
            return f"scan {plan.table.name} {plan.alias}", ()
        case l.VirtualScan():
            return f"virtual {plan.name} {plan.alias}", ()
        case l.CteRef():
            return f"cte {plan.cte}", ()
        case l.Values():
            rows = ", ".join("(" + ", ".join(expression(e, ids) for e in row) + ")" for row in plan.rows)
            return f"values {rows}", ()
        case l.Filter():
            return f"filter {expression(plan.predicate, ids)}", (plan.input,)
        case l.Project():
            return f"project {named(plan.columns)}", (plan.input,)
        case l.Join():
            condition = "" if plan.condition is None else f" on {expression(plan.condition, ids)}"
            return f"{plan.kind.value.lower()} join{condition}", (plan.left, plan.right)
        case l.Aggregate():
            return f"aggregate [{named(plan.groups)}] [{named(plan.aggregates)}]", (plan.input,)
        case l.Sort():
            keys = [
                expression(k.expr, ids) + (" desc" if k.descending else "") + (" nulls first" if k.nulls_first else "")
                for k in plan.keys
            ]
            return f"sort {', '.join(keys)}", (plan.input,)
        case l.Limit():
            return f"limit {plan.count} offset {plan.offset}", (plan.input,)
        case l.SetOperation():
            return f"{plan.kind.value.lower()}{' all' if plan.all else ''}", (plan.left, plan.right)
        case _:
            return type(plan).__name__, ()
