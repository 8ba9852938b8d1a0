"""Which orders over the slices matter: those that a set can have and a join above can use."""
from __future__ import annotations

from warehouse.planner.expressions import ColumnRef, Expr
from warehouse.planner.logical import JoinKind, Logical, Values
from warehouse.planner.optimizer.join_graph import JoinGraph, Leaf, Pair
from warehouse.planner.optimizer.join_orders import live_orders, orders
from warehouse.planner.optimizer.movement import Where
from warehouse.storage.types import INTEGER

K, X = 100, 200  # roots of classes
A, B, C = 1, 2, 4  # leaves


def column(id: int) -> ColumnRef:
    return ColumnRef(id, INTEGER, "c")


def graph(leaves: int, **classes: tuple[int, ...]) -> JoinGraph:
    """`k=(0, 1)`: leaves 0 and 1 have a column in the class K."""
    made = JoinGraph()
    nothing: Logical = Values((), ())
    for i in range(leaves):
        made.add(Leaf(i, nothing, frozenset()))
    for name, members in classes.items():
        root = {"k": K, "x": X}[name]
        made.classes[root] = {i: column(root if i == members[0] else root + i) for i in members}
    return made


def live(of: JoinGraph, *sets: int, places: dict[int, Where] | None = None) -> list[set[int]]:
    found = orders(of, [[(places or {}).get(i, "anywhere")] for i in range(len(of.leaves))])
    return [set(live_orders(found, mask)) for mask in sets]


def test_a_class_of_three_matters_once_two_are_joined() -> None:
    assert live(graph(3, k=(0, 1, 2)), A, A | B, A | B | C) == [set(), {K}, set()]


def test_a_class_of_two_is_used_up_by_its_join() -> None:
    assert live(graph(3, k=(0, 1), x=(1, 2)), A, A | B, B | C) == [set(), set(), set()]


def test_rows_that_lie_so_from_the_start() -> None:
    assert live(graph(2, k=(0, 1)), A, B, A | B, places={0: (K,)}) == [{K}, set(), set()]


def test_columns_that_no_join_has_for_keys_do_not_matter() -> None:
    assert live(graph(2, k=(0, 1)), A, places={0: (X,)}) == [set()]


def test_a_pair_of_expressions_asks_for_the_column_on_its_side() -> None:
    of = graph(3, k=(0, 1))
    other: Expr = column(X)
    of.pairs.append(Pair(column(K), other, A, C))
    assert live(of, A | B, A | B | C, places={0: (K,)}) == [{K}, set()]


def test_a_left_join_asks_for_its_keys_until_it_is_done() -> None:
    of = graph(3, k=(0, 1))
    of.add(Leaf(3, Values((), ()), frozenset(), JoinKind.LEFT, A, ((column(K), column(X)),)))
    of.constrained = 8
    assert live(of, A | B, A | B | 8, places={0: (K,)}) == [{K}, set()]
