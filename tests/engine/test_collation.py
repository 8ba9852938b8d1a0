"""Case-insensitive columns: every query gives what the same query over LOWER of an ordinary column gives."""
from __future__ import annotations

from random import Random
from typing import Any

import pytest
import warehouse

WORDS = ["amazon", "zürich", "b", "bb", "c d", "éa", "straße", "x_y", "100%"]
# {c}: the column, {k}: what it is compared by, {v}: the value in the case that it is shown in
QUERIES = [
    "select id from {t} where {k} = lower('AmaZon')", "select id from {t} where {k} in (lower('B'), lower('ZÜRICH'))",
    "select id from {t} where {k} not in (lower('B'), lower('ÉA'))", "select id from {t} where {k} <> lower('Bb')",
    "select id from {t} where {k} between lower('B') and lower('STRASSE')", "select id from {t} where {k} > lower('C')",
    "select id from {t} where {k} like '{z}'", "select id from {t} where {k} not like '{b}_'",
    "select {v}, count(*), sum(id), count(distinct g) from {t} group by {k}",
    "select count(distinct {k}), lower(min({k})), lower(max({k})) from {t}",
    "select g, lower(max({k})), count(distinct {k}) from {t} group by g",
    "select count(*) from (select distinct {k} from {t}) x",
    "select count(*) from (select {k} from {t} union select {k} from {t} where g = 1) x",
    "select lower({k}) from (select {k} from {t} intersect select {k} from {t} where g = 1) x ({k})",
    "select lower({k}) from (select {k} from {t} except select {k} from {t} where g = 1) x ({k})",
    "select a.id, b.id from {t} a join {t} b on a.{k} = b.{k} and b.g = 1",
    "select a.id, b.id from {t} a left join {t} b on a.{k} = b.{k} and b.g = 1 where a.g = 2",
    "select a.id, count(b.id) from {t} a full join {t} b on a.{k} = b.{k} and a.g = b.g group by 1",
    "select id from {t} where {k} in (select {k} from {t} where g = 1)",
    "select id from {t} where {k} not in (select {k} from {t} where g = 1 and {k} is not null)",
    "select id from {t} a where exists (select 1 from {t} b where b.{k} = a.{k} and b.id > a.id)",
    "select id, (select count(*) from {t} b where b.{k} = a.{k}) from {t} a",
    "select id from {t} where {k} >= all (select {k} from {t} where g = 1 and {k} is not null)",
    "select id, dense_rank() over (order by {k}), count(*) over (partition by {k}) from {t}",
    "select id, row_number() over (partition by {k} order by id), lower(max({k}) over (partition by g)) from {t}",
    "select id, rank() over (partition by g order by {k} desc, id) from {t}",
    "select listagg(lower({k}), ',') within group (order by {k}, id) from {t}",
    "select {v}, grouping({k}), count(*) from {t} group by rollup ({k})",
    "select id, strpos({k}, lower('Z')), nullif({k}, lower('B')) is null, coalesce({k}, '?') = '?' from {t}",
    "select case when {k} = lower('B') then 1 when {k} < lower('B') then 2 else 3 end, count(*) from {t} group by 1",
    "with w as (select {k}, count(*) as n from {t} group by {k}) select x.n from w x join w y on x.{k} = y.{k}",
    "select id from {t} where {k} = (select max({k}) from {t})",
]


def spelled(random: Random) -> str | None:
    if random.random() < 0.1:
        return None
    word = random.choice(WORDS)
    made = "".join(c.upper() if random.random() < 0.5 and c != "ß" else c for c in word)
    return made + " " * random.choice([0, 0, 2])


@pytest.fixture(scope="module")
def cursor() -> Any:
    random = Random(5)
    rows = [(i, random.randrange(1, 4), spelled(random)) for i in range(70)]
    with warehouse.connect(":memory:", nodes=2, slices_per_node=2, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("create table ci (id int, g int, c varchar(20) collate case_insensitive distkey sortkey)")
        cursor.execute("create table fixed (id int, g int, c char(20) collate case_insensitive) diststyle even")
        cursor.execute("create table plain (id int, g int, c varchar(20)) diststyle even")
        cursor.execute("create table short (like plain)")
        for table in ("plain", "short"):
            cursor.execute(f"create view lowered_{table} as select id, g, lower(c) as c from {table}")
        for table in ("ci", "plain"):
            cursor.executemany(f"insert into {table} values (%s, %s, %s)", rows)
        for table in ("fixed", "short"):  # CHAR takes characters of one byte alone
            cursor.executemany(f"insert into {table} values (%s, %s, %s)", [r for r in rows if (r[2] or "").isascii()])
        yield cursor


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_over_lower_case_says_the_same(cursor: Any, query: str) -> None:
    def answer(table: str) -> list[tuple[Any, ...]]:
        patterns = {"z": "%z%", "b": "b"} if table.startswith("lowered") else {"z": "%Z%", "b": "B"}
        cursor.execute(query.format(t=table, k="c", v="lower(c)", **patterns))
        rows = [tuple([v.rstrip(" ") if isinstance(v, str) else v for v in row]) for row in cursor.fetchall()]
        return sorted(rows, key=repr)

    wanted = answer("lowered_plain")
    assert wanted and answer("ci") == wanted
    if query in QUERIES[:12]:  # CHAR is no different
        assert answer("fixed") == answer("lowered_short")


def test_show_table_says_it(cursor: Any) -> None:
    cursor.execute("show table ci")
    assert "c character varying(20) ENCODE raw COLLATE CASE_INSENSITIVE" in cursor.fetchone()[0]
