"""Text columns that travel as codes of a dictionary (engine/texts.py), judged by DuckDB.

The same rows are stored twice, in dictionaries (`coded`, `dim`) and plain (`plain`, `flat`), in every topology. Each
query names its tables {t} and {d} and passes a breaker; mixtures of the two must give the judge's answer too,
with dictionaries as large as they may be and with a limit so low that some columns of some parts fall back to
strings. The judge's strings have no trailing blanks: they do not count in comparisons, and that columns keep them
is tested apart.
"""
from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import warehouse
from oracle.compare import difference, order_keys
from warehouse.engine import aggregation, exchange, ordering, texts
from warehouse.engine.collection import Collection, StoredColumn, allocate, concatenate, unify
from warehouse.engine.compile.segment import Segment
from warehouse.engine.context import Charge, MemoryBudget
from warehouse.kernels import memory
from warehouse.kernels.group_table import GroupKey, GroupTable
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.types import Physical, varchar

ROWS = 700
WORDS = ["", "a", "a ", "a  ", "b", " b", "ä", "äö€", "zebra", "quite a long text of several words", "  ", "Z"]
NAMES = ["MAIL", "AIR", "RAIL", "äther", "SHIP", "", "TRUCK"]
TOPOLOGIES = ((1, 1), (1, 2), (2, 2), (4, 4))
DESIGNS = {"coded": "bytedict", "plain": "raw", "dim": "bytedict", "flat": "raw"}

QUERIES = {
    "group": "select v, count(*) as n from {t} group by v",
    "group of several": "select v, w, c, k, count(*) as n, sum(id) as s from {t} group by v, w, c, k",
    "group above a join": "select t.w, d.name, count(*) as n from {t} t join {d} d on t.k = d.k group by t.w, d.name",
    "group of an outer join's": "select d.name, count(*) as n from {t} t left join {d} d on t.k = d.k group by d.name",
    "count distinct": "select k, count(distinct v) as a, count(distinct w) as b, count(v) as c from {t} group by k",
    "count distinct of text": "select w, count(distinct k) as n from {t} group by w order by n desc, w",
    "distinct": "select distinct v, c from {t}",
    "sort": "select id, w from {t} order by w, id",
    "sort with blanks": "select id, v from {t} order by v desc nulls last, id",
    "first rows": "select w, id from {t} order by w desc nulls last, id limit 17",
    "dist by text": "select a.id, b.id from {t} a join {d} b on a.v = b.v",
    "dist by two": "select count(*) as n from {t} a join {t2} b on a.w = b.w and a.c = b.c where a.id < 99",
    "text and number": "select a.id, b.id from {t} a join {d} b on a.v = b.v and a.k = b.k",
    "left": "select a.id, b.name from {t} a left join {d} b on a.w = b.name",
    "right": "select a.w, b.name, b.id from (select * from {t} where k = 3) a right join {d} b on a.w = b.name",
    "full": "select a.w, b.name from {t} a full join {d} b on a.w = b.name and a.k = 1",
    "semi": "select id, v from {t} where v in (select v from {d} where id > 4)",
    "anti": "select id, v from {t} t where not exists (select 1 from {d} d where d.v = t.v and d.id < 9)",
    "not in": "select id from {t} where w not in (select name from {d} where name is not null and id < 3)",
    "in of another column": "select id from {t} where w in (select name from {d})",
    "build side kept": "select d.name, t.v, t.id from {d} d join {t} t on d.k = t.k where d.id < 6 order by 1, 2, 3",
    "union": "select w from {t} where id < 50 union all select name from {d} union all select v from {t} where id > 90",
    "union with constants": "select w as x from {t} where id < 9 union all select 'constant' union all select null",
    "union distinct": "select w, k from {t} union select name, k from {d}",
    "except": "select v from {t} except select v from {d} where id < 5",
    "intersect": "select w from {t} intersect select name from {d}",
    "case": "select case when k = 1 then v when k = 2 then w else 'other' end as x, count(*) as n from {t} group by 1",
    "coalesce": "select coalesce(v, w, 'none') as x, min(id) as n from {t} group by 1 order by 1",
    "case of one column": "select case when k > 2 then v end as x, id from {t} order by 2",
    "extremes": "select k, min(w) as a, max(w) as b, min(c) as e, max(name) as f from (select t.*, d.name from {t} t "
                "join {d} d on t.k = d.k) x group by k",
    "extremes of all": "select min(w) as a, max(w) as b, count(w) as n from (select w from {t} order by id limit 99) x",
    "predicates above": "select x.w, x.n from (select w, c, count(*) as n from {t} group by w, c) x where x.w <> 'AIR' "
                        "and x.w like '%A%' and x.c in ('a', 'b', 'Z')",
    "having": "select w, count(*) as n from {t} group by w having w >= 'B' and (w not in ('RAIL') or count(*) > 5)",
    "is null": "select id, w from (select id, w from {t} order by id limit 500) x where w is null or w = ''",
    "functions": "select upper(w) as u, length(w) as l, count(*) as n from (select distinct id, v, w from {t}) x "
                 "where v is null or v not like '%b' group by 1, 2",
    "comparison of columns": "select count(*) as n from {t} t join {d} d on t.k = d.k where t.w > d.name or t.v = d.v",
    "shared": "with x as (select w, v from {t} where k < 4) select a.w, count(*) as n from x a join x b on a.v = b.v "
              "and a.w = b.w group by a.w",
    "scalar": "select id, (select max(name) from {d} d where d.k = t.k) as m from {t} t where id < 60",
    "nothing left": "select w, count(*) as n from {t} where id < 0 group by w order by w",
    "window of a limit": "select v, w from (select v, w from {t} order by id limit 10 offset 5) x order by w, v",
    "places in windows": "select id, row_number() over (partition by w order by v, id) as a, "
                         "rank() over (partition by v order by w) as b, count(w) over (partition by c) as n from {t}",
    "rows of windows": "select id, lag(w) over (partition by k order by id) as a, lead(v, 2) over (order by id) as b, "
                       "first_value(w) over (partition by c order by id rows between 3 preceding and current row) as f,"
                       " last_value(v ignore nulls) over (order by id rows between 4 preceding and 1 preceding) as l "
                       "from {t}",
    "extremes of windows": "select t.id, min(t.w) over (partition by t.k) as a, "
                           "max(d.name) over (partition by t.c) as b, "
                           "max(t.w) over (order by t.id, d.id rows between 2 preceding and current row) as m "
                           "from {t} t join {d} d on t.k = d.k where t.id < 200",
    "above a window": "select w, n, count(*) as m from (select w, c, max(w) over (partition by c) as n from {t}) x "
                      "where n >= 'M' group by w, n",
    "recursion": "with recursive r(id, w, n) as (select id, w, 1 from {t} where id < 40 union all select t.id, t.w, "
                 "r.n + 1 from {t} t join r on t.id = r.id + 40 and (t.w = r.w or r.n < 4)) select w, n, id from r",
    "recursion of text": "with recursive r(name, n) as (select distinct name, 1 from {d} where id < 3 union all "
                         "select d.name, r.n + 1 from r join {d} d on d.name > r.name and r.n < 3) "
                         "select name, n, count(*) as m from r group by name, n",
    "grouping sets": "select w, c, count(*) as n from {t} group by rollup (w, c)",
    "constant keys": "select t.v, d.v from {t} t join {d} d on t.v = d.v and t.v = 'a'",
}


def _rows() -> dict[str, list[tuple[Any, ...]]]:
    chosen = random.Random(5)
    some = lambda pool: None if chosen.random() < 0.15 else chosen.choice(pool)  # noqa: E731
    many = [(i, some(WORDS), some(NAMES), some(["a", "b", "Z", "", "zzz"]), chosen.randrange(6)) for i in range(ROWS)]
    few = [(i, some(WORDS), some([*NAMES, "CANAL"]), chosen.randrange(8)) for i in range(24)]
    return {"many": many, "few": few}


DATA = _rows()


def _arrow(rows: list[tuple[Any, ...]], names: str) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names.split())})


def _load(connection: Any) -> None:
    for name, encoding in DESIGNS.items():
        key = "diststyle even" if name in ("coded", "flat") else "distkey(v)" if name == "plain" else "distkey(name)"
        if name in ("coded", "plain"):
            connection.execute(f"create table {name} (id bigint, v varchar(40) encode {encoding}, w varchar(12) "
                               f"encode {encoding}, c char(4) encode {encoding}, k bigint) {key}")
            for part in (DATA["many"][:400], DATA["many"][400:]):
                connection.write_arrow(name, _arrow(part, "id v w c k"), create=False)
        else:
            connection.execute(f"create table {name} (id bigint, v varchar(40) encode {encoding}, "
                               f"name varchar(12) encode {encoding}, k bigint) {key}")
            connection.write_arrow(name, _arrow(DATA["few"], "id v name k"), create=False)


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    found = {f"{n}x{s}": warehouse.connect(
        ":memory:", nodes=n, slices_per_node=s, threads=2, autocommit=True
    ) for n, s in TOPOLOGIES}
    for connection in found.values():
        connection.execute("set enable_result_cache_for_session to off")  # queries run again to be looked at
        _load(connection)
    yield found
    for connection in found.values():
        connection.close()


@pytest.fixture(scope="module")
def judge() -> Iterator[Any]:
    connection = duckdb.connect()
    cut = lambda rows: [tuple(x.rstrip(" ") if isinstance(x, str) else x for x in row) for row in rows]  # noqa: E731
    many, few = _arrow(cut(DATA["many"]), "id v w c k"), _arrow(cut(DATA["few"]), "id v name k")
    connection.register("many", many)
    connection.register("few", few)
    yield connection
    connection.close()


@pytest.fixture(params=["large", "small"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Dictionaries of all sizes, or only of so few entries that parts of one column differ in how they carry it."""
    if request.param == "small":
        monkeypatch.setattr(texts, "FEW_ENTRIES", 6)
        monkeypatch.setattr(texts, "ROWS_PER_ENTRY", 15)
    return str(request.param)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", QUERIES)
def test_every_breaker(places: dict[str, Any], judge: Any, limits: str, name: str) -> None:
    text = QUERIES[name]
    judged = text.format(t="many", t2="many", d="few")
    expected = judge.execute(judged).fetchall()
    keys = order_keys(judged, [d[0] for d in judge.description])
    mixed = [("2x2", "coded", "flat"), ("1x2", "plain", "dim"), ("4x4", "plain", "flat")]
    for place, t, d in [*((place, "coded", "dim") for place in places), *mixed]:
        ours = places[place].execute(text.format(t=t, t2="coded", d=d)).fetchall()
        told = difference(ours, expected, keys)
        assert told is None, f"{place} {t} {d} {limits}: {told}"


@pytest.mark.parametrize("text", [
    "select id, v from {t}",
    "select id, v from {t} order by id",
    "select t.id, t.v from {t} t join {d} d on t.k = d.k and d.id = 1 union all select id, v from {t} where k = 5",
    "select id, v from {t} union all select id, v from {t} where id < 10",
    "select b.id, b.v from {d} a join {t} b on a.id = b.k",
])
def test_trailing_blanks_stay(places: dict[str, Any], limits: str, text: str) -> None:
    """Where strings pass unchanged their blanks stay."""
    known = {row[0]: row[1] for row in DATA["many"]}
    for connection in places.values():
        got = connection.execute(text.format(t="coded", d="dim")).fetchall()
        assert got and all(known[id] == v for id, v in got)
        assert len(got) == len(connection.execute(text.format(t="plain", d="flat")).fetchall())


def test_tables_made_of_codes(places: dict[str, Any]) -> None:
    """INSERT, CREATE TABLE AS and results as Arrow take codes too."""
    for connection in places.values():
        connection.execute("create table made as select v, w, count(*) as n from coded group by v, w limit 30")
        assert connection.execute("select count(*) from made").fetchone() == (30,)
        found = []
        for t, d in (("coded", "dim"), ("plain", "flat")):
            connection.execute("delete from made")
            connection.execute(f"insert into made select t.v, d.name, t.id from {t} t join {d} d on t.k = d.k "
                               "where t.id < 90")
            found.append(connection.execute("select v, w, n from made order by n, w, v").fetchall())
        assert found[0] == found[1]
        connection.execute("delete from made where w = 'AIR' or w like '%IL'")
        table = connection.execute("select w, n from made order by n, w").fetch_arrow_table()
        assert table.schema.field("w").type == pa.string()
        connection.execute("drop table made")


@pytest.mark.parametrize("text", [
    "select k, listagg(w, ',') within group (order by id) as l from {t} group by k",
    "select c, listagg(distinct w, '|') within group (order by w) as l from {t} group by c",
    "select id, listagg(v) within group (order by id) over (partition by w) as l from {t} where id < 200",
    "select w, c, k from {t} qualify row_number() over (partition by w, c order by id desc) = 1",
])
def test_as_plain_text(places: dict[str, Any], limits: str, text: str) -> None:
    """What DuckDB says differently: the same of codes and of strings."""
    for connection in places.values():
        wanted = connection.execute(text.format(t="plain")).fetchall()
        assert difference(connection.execute(text.format(t="coded")).fetchall(), wanted, []) is None


def test_deleted_rows(places: dict[str, Any]) -> None:
    for connection in places.values():
        connection.execute("create table a_few (w varchar(12) encode bytedict, k bigint)")
        connection.execute("insert into a_few select w, k from coded")
        connection.execute("delete from a_few where k = 3")
        connection.execute("update a_few set w = 'TRAM' where w = 'AIR' and k = 1")
        told = "select w, k, count(*) as n from {} group by w, k order by w, k"
        wanted = ("(select case when w = 'AIR' and k = 1 then 'TRAM' else w end as w, k from plain where k <> 3) x")
        assert connection.execute(told.format("a_few")).fetchall() == connection.execute(told.format(wanted)).fetchall()
        connection.execute("drop table a_few")


def test_rows_that_were_pickled_on_their_way(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes leave a process as strings; parts that came and parts that stayed are put together."""
    text = ("select t.w, d.name, count(distinct t.id) as n, min(t.c) as a from coded t join dim d on t.v = d.v "
            "group by t.w, d.name order by t.w, d.name")
    expected = places["2x2"].execute(text).fetchall()
    distribute, sent = exchange.distribute, []

    def spy(rows: Any, *rest: Any) -> Any:
        sent.extend(c.texts for p in rows.parts for c in p.columns)
        rows.parts[1:] = [pickle.loads(pickle.dumps(p)) for p in rows.parts[1:]]
        return distribute(rows, *rest)

    monkeypatch.setattr(exchange, "distribute", spy)
    assert places["2x2"].execute(text).fetchall() == expected
    assert any(t is not None for t in sent)


def _spied(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bool]]:
    """Whether text columns are codes when they come to an exchange or a sort, and which keys groups get."""
    seen: dict[str, list[bool]] = {"distribute": [], "sort": [], "groups": []}
    distribute, sort, keys = exchange.distribute, ordering.sort, aggregation.AggregateSink._make_keys

    def note(step: str, parts: list[Collection]) -> None:
        seen[step] += [c.texts is not None for p in parts for c in p.columns if c.ref.type.physical is Physical.STR]

    def spy_distribute(rows: Any, *rest: Any) -> Any:
        note("distribute", rows.parts)
        return distribute(rows, *rest)

    def spy_sort(part: Collection, *rest: Any) -> Any:
        note("sort", [part])
        return sort(part, *rest)

    def spy_keys(sink: Any, groups: Any) -> Any:
        made = keys(sink, groups)
        seen["groups"] += [k.value.carried is Physical.I64 for k in made if k.refs[0].type.physical is Physical.STR]
        return made

    monkeypatch.setattr(exchange, "distribute", spy_distribute)
    monkeypatch.setattr(ordering, "sort", spy_sort)
    monkeypatch.setattr(aggregation.AggregateSink, "_make_keys", spy_keys)
    return seen


def test_codes_are_used(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a join, a distribution, two phases of groups and a sort no string is made."""
    seen = _spied(monkeypatch)
    text = ("select t.w, d.name, count(distinct t.id) as n from coded t join dim d on t.v = d.v "
            "group by t.w, d.name order by t.w, d.name, n")
    for connection in places.values():
        connection.execute(text).fetchall()
    assert all(all(steps) for steps in seen.values())
    assert all(seen.values())  # each step was met
    seen = _spied(monkeypatch)
    places["2x2"].execute(text.replace("coded", "plain").replace("dim", "flat")).fetchall()
    assert not all(seen["sort"])


def test_text_keys_are_joined_as_integers(places: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    carried: list[Physical] = []
    keys = Segment._probe_keys

    def spy(segment: Segment, join: Any, side: Any) -> Any:
        found = keys(segment, join, side)
        carried.extend(k.carried for k in found)
        return found

    monkeypatch.setattr(Segment, "_probe_keys", spy)
    for place, (t, d) in product(places, (("coded", "dim"), ("plain", "dim"), ("coded", "flat"))):
        carried.clear()
        places[place].execute(f"select count(*) from {t} t join {d} d on t.w = d.name and t.v = d.v").fetchall()
        assert set(carried) == {Physical.I64 if (t, d) == ("coded", "dim") else Physical.STR}


# -- the dictionary itself ---------------------------------------------------------------------------------


def _texts(strings: list[str]) -> texts.Texts:
    raw = [s.encode() for s in strings]
    heap = memory.padded(np.frombuffer(b"".join(raw) or b"\0", np.uint8))
    views = memory.zeros(2 * len(raw) + 2, np.int64).reshape(-1, 2)
    views[1:, 1] = [len(r) for r in raw]
    views[1:, 0] = memory.address(heap) + np.cumsum([0, *map(len, raw)])[:-1]
    return texts.Texts(views, [heap])


def test_numbers_ranks_and_hashes() -> None:
    made = _texts(["b", "a ", "", "a", "  "])
    assert made.numbers is not None
    assert made.numbers.tolist() == [0, 1, 2, 3, 2, 3]
    assert made.by_number.tolist() == [0, 1, 2, 3]
    assert made.ranks.tolist() == [0, 3, 2, 1, 2, 1]
    assert made.by_rank.tolist() == [0, 3, 2, 1]
    assert made.hashes[2] == made.hashes[4]
    assert made.hashes[0] != made.hashes[3]
    assert _texts(["b", "a", ""]).numbers is None
    assert made.numbers_of(_texts(["a   ", "c", "", "b"])).tolist() == [0, 2, 4, 3, 1]


def test_one_dictionary_for_all() -> None:
    first, second = _texts(["x", "y"]), _texts(["z", "y", "y "])
    whole, maps = texts.unified([first, second, first, _texts([])], None)
    assert len(whole) == 5
    assert maps[1] is None  # the largest stays as it is
    assert maps[0] is not None
    assert maps[0].tolist() == [0, 4, 2]
    same, none = texts.unified([first, first], None)
    assert (same, none) == (first, [None, None])


def test_dictionaries_are_charged() -> None:
    """A statement's memory counts its dictionaries while they are there."""
    budget, table = MemoryBudget(1 << 20), GroupTable([GroupKey("str", exact=True)])
    table.ids(_texts(["x", "y", "x ", "x"]).views[1:])
    made = texts.Texts.of_table(table, Charge(budget, "sort"))
    whole, _ = texts.unified([made, _texts(["z"])], made.charge)
    assert len(made) == 4
    assert budget.used == made.nbytes + whole.nbytes
    del made, whole
    assert budget.used == 0


def test_parts_that_carry_a_column_differently() -> None:
    """Codes and strings together become strings; parts without rows follow the others."""
    def part(made: texts.Texts, codes: list[int]) -> Collection:
        values = allocate(Physical.I64, len(codes))
        values[:] = codes
        ref = ColumnRef(1, varchar(10), "v")
        return Collection([StoredColumn(ref, Physical.I64, False, values, None, 0, 9, made)], len(codes))

    plain = part(_texts(["p", "q"]), [2, 1])
    plain.decode(0)
    empty = part(texts.EMPTY, [])
    parts = [part(_texts(["x", "y"]), [2, 2, 1]), plain, empty]
    unify(parts)
    assert [p.columns[0].carried for p in parts] == [Physical.STR] * 3
    coded = [part(_texts(["x", "y"]), [2, 1]), part(_texts(["y", "z"]), [1, 2]), part(texts.EMPTY, [])]
    whole = concatenate(coded)
    kept = whole.columns[0]
    assert kept.texts is not None
    assert np.array_equal(kept.values, [2, 1, 2, 3])
    assert coded[0].columns[0].texts is not kept.texts  # the parts themselves are as they were
