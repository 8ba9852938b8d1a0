"""Designs: as DDL, as definitions, and as statements that really lead to them."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from warehouse.engine.advisor.designs import TableDesign
from warehouse.engine.result import Result
from warehouse.storage.schema import DistStyle, Table

DESIGNS = [
    TableDesign(DistStyle.EVEN),
    TableDesign(DistStyle.KEY, "a", ("b",)),
    TableDesign(DistStyle.ALL, None, ("b", "order")),
    TableDesign(DistStyle.KEY, "order", ("a", "b"), True),
]


def table_of(connection: Any, name: str) -> Table:
    found: list[Any] = []

    def look(context: Any) -> Result:
        found.append(context.view.relation("public", name))
        return Result("SHOW")

    connection.session.perform("-- look", "Show", look)
    assert isinstance(found[0], Table)
    return found[0]


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with warehouse.connect(nodes=2, slices_per_node=2, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(("start", "wanted"), list(zip(DESIGNS, [*DESIGNS[1:], DESIGNS[0]]))
                         + list(zip(DESIGNS[1:], DESIGNS)) + [(DESIGNS[1], DESIGNS[1])], ids=str)
def test_statements_lead_there(start: TableDesign, wanted: TableDesign, connection: Any) -> None:
    connection.execute(f'create table t (a integer, b varchar(5), "order" date) {start.attributes()}')
    connection.execute("insert into t values (1, 'x', '2024-01-01'), (2, 'y', null)")
    assert TableDesign.of(table_of(connection, "t")) == start
    statements = wanted.statements(table_of(connection, "t"))
    assert (statements == []) is (start == wanted)
    for statement in statements:
        connection.execute(statement)
    assert TableDesign.of(table_of(connection, "t")) == wanted
    assert connection.execute("select count(*), sum(a), max(b) from t").fetchall() == [(2, 3, "y")]
    connection.execute("drop table t")


def test_encodings_are_altered_where_they_differ(connection: Any) -> None:
    connection.execute("create table coded (a integer encode zstd, b varchar(5) encode zstd)")
    design = TableDesign(DistStyle.AUTO, encodings=(("a", "az64"), ("b", "zstd")))
    statements = design.statements(table_of(connection, "coded"))
    assert statements == ["alter table public.coded alter column a encode az64"]
    connection.execute(statements[0])


def test_as_json() -> None:
    for design in DESIGNS:
        assert TableDesign.from_json(design.to_json()) == design
    assert str(DESIGNS[3]) == "KEY(order) sorted by interleaved a, b" and str(DESIGNS[0]) == "EVEN sorted by none"
