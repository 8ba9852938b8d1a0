"""The joint space: tables that must change together do, the same seed looks at the same designs."""
from __future__ import annotations

from typing import Any

from warehouse.engine.advisor.candidates import UNSORTED, Candidates
from warehouse.engine.advisor.designs import TableDesign
from warehouse.engine.advisor.search import Search, Space, finalists, frozen, joins_within
from warehouse.storage.schema import DistStyle, Table

LEFT, RIGHT, SMALL = ("public", "left"), ("public", "right"), ("public", "small")
KEY, EVEN, ALL = DistStyle.KEY, DistStyle.EVEN, DistStyle.ALL


def space() -> Space:
    keys = ((EVEN, None), (KEY, "a"), (KEY, "b"))
    tables = {
        name: Candidates(Table(i, *name, ()), keys if name is not SMALL else ((EVEN, None), (ALL, None)),
                         (UNSORTED, (("d",), False), (("e",), False)), ())
        for i, name in enumerate((LEFT, RIGHT, SMALL), 1)
    }
    joins = [((LEFT, "a"), (RIGHT, "b")), ((LEFT, "a"), (SMALL, "x"))]
    return Space(tables, joins_within(joins, tables))


def cost(design: Any) -> float:
    """A key on one side alone is worse than none; together they are best. SMALL wants to be everywhere, LEFT sorted."""
    left, right = design[LEFT], design[RIGHT]
    keyed = (left.dist_key == "a") + (right.dist_key == "b")
    return (10, 12, 4)[keyed] + (design[SMALL].style is EVEN) + (0 if left.sort_key == ("d",) else 2)


NOW = {name: TableDesign(EVEN) for name in (LEFT, RIGHT, SMALL)}


def test_both_sides_of_a_join_change_together() -> None:
    assert space().joins == (((LEFT, "a"), (RIGHT, "b")),), "the other join has no key on one side"
    best = Search(space(), cost).run(NOW, 1)[0]
    assert best[0] == 4
    assert best[1][LEFT] == TableDesign(KEY, "a", ("d",)) and best[1][RIGHT].dist_key == "b"


def test_repeatable_by_seed() -> None:
    def seen(seed: int) -> list[Any]:
        search = Search(space(), cost, seed)
        search.run(NOW, 4)
        return list(search.scores)

    assert seen(1) == seen(1) != seen(2)


def test_progress_is_told_and_the_best_comes_first() -> None:
    told: list[tuple[int, int, float]] = []
    ranked = Search(space(), cost).run(NOW, 3, lambda *step: told.append(step))
    assert [t[:2] for t in told] == [(1, 3), (2, 3), (3, 3)] and told[-1][2] == ranked[0][0] == 4
    assert [score for score, _ in ranked] == sorted(score for score, _ in ranked)
    assert len({frozen(d) for _, d in ranked}) == len(ranked)


def test_finalists_differ_in_large_tables() -> None:
    ranked = Search(space(), cost).run(NOW, 3)
    found = finalists(ranked, 3, [LEFT])
    assert found[0] == ranked[0][1]
    assert len({d[LEFT].distribution for d in found}) == len(found) > 1
