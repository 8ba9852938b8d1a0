"""Deviations, bits and aggregates of values in order over random rows, on several topologies, against DuckDB."""
from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import warehouse
from oracle.compare import difference

ROWS = 1000
CASES = (((1, 1), "diststyle even"), ((1, 2), "distkey(g)"), ((2, 2), "diststyle all"), ((4, 4), "distkey(k)"))
COLUMNS = """id integer, k integer, g integer, s varchar(5), d decimal(9,2), w decimal(34,3), f double precision,
t date, u timestamp"""


def random_table() -> pa.Table:
    source = random.Random(5)

    def maybe(value: Any) -> Any:
        return None if source.random() < 0.2 else value

    columns = zip(*[
        (
            i, maybe(source.randrange(-50, 1000)), maybe(i * i % 9), maybe(source.choice(["", "a", "bb", "b ", "ccc"])),
            maybe(Decimal(source.randrange(-9999, 9999)) / 100),
            maybe(Decimal(source.randrange(-(10**30), 10**30)) / 1000), maybe(source.gauss(1e6, 3.0)),
            maybe(source.randrange(20_000)), maybe(source.randrange(10**15)),
        )
        for i in range(ROWS)
    ])
    types = (pa.int32(), pa.int32(), pa.int32(), pa.string(), pa.decimal128(9, 2), pa.decimal128(34, 3), pa.float64(),
             pa.date32(), pa.timestamp("us"))
    return pa.table([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=["id", *"kgsdwftu"])


@pytest.fixture(scope="module")
def judge() -> Iterator[Any]:
    connection = duckdb.connect()
    connection.register("t", random_table())
    yield connection
    connection.close()


@pytest.fixture(scope="module", params=CASES, ids=["x".join(map(str, c[0])) for c in CASES])
def ours(request: pytest.FixtureRequest) -> Iterator[Any]:
    (nodes, slices), design = request.param
    connection = warehouse.connect(
        ":memory:", nodes=nodes, slices_per_node=slices, threads=2, compatibility="extended", autocommit=True
    )
    connection.cursor().execute(f"create table t ({COLUMNS}) {design}")
    connection.write_arrow("t", random_table())
    yield connection.cursor()
    connection.close()


DEVIATIONS = ("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop")


def both(ours: Any, judge: Any, mine: str, theirs: str) -> None:
    problem = difference(ours.execute(mine).fetchall(), judge.execute(theirs).fetchall())
    assert problem is None, f"{problem[:500]}\n{mine}"


@pytest.mark.parametrize("groups", ["", "g", "g, s", "k"])
def test_deviations_and_bits(ours: Any, judge: Any, groups: str) -> None:
    items = [f"{f}({x})" for f in DEVIATIONS for x in ("k", "d", "f")]
    items += ["bit_and(k)", "bit_or(k)", "bit_and(distinct g)", "stddev(distinct g)", "count(*)"]
    heads = [groups] if groups else []
    text = f"select {', '.join([*heads, *items])} from t" + (f" group by {groups}" if groups else "")
    judging = text.replace("(f)", "(f - 1e6)").replace("(d)", "(d::double)")
    both(ours, judge, text.replace("(f)", "(f - 1e6)"), judging)
    nothing = " from t where k > 5000"
    both(ours, judge, text.replace(" from t", nothing), judging.replace(" from t", nothing))


def test_small_deviations_of_large_values(ours: Any, judge: Any) -> None:
    """Sums of squares would lose them."""
    mine = ours.execute("select var_samp(f), stddev_pop(f + 1e9) from t").fetchone()
    theirs = judge.execute("select var_samp(f - 1e6), stddev_pop(f - 1e6) from t").fetchone()
    assert mine == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("groups", ["", "g", "g, s", "k"])
def test_medians_and_percentiles(ours: Any, judge: Any, groups: str) -> None:
    """Exact numbers are interpolated exactly, so the judge gets DOUBLE and the answer is compared as such."""
    items, judging = [], []
    for x in ("k", "d", "f"):
        for p in (0, 0.5, 0.25, 0.1, 1):
            items.append(f"percentile_cont({p}) within group (order by {x})::double precision")
            judging.append(f"quantile_cont({x}::double, {p})")
        items += [f"median({x})::double precision", f"approximate percentile_disc(0.3) within group (order by {x})"]
        judging += [f"quantile_cont({x}::double, 0.5)", f"quantile_disc({x}, 0.3)"]
    items += ["approximate percentile_disc(0.5) within group (order by t)", "approximate count(distinct s)"]
    judging += ["quantile_disc(t, 0.5)", "count(distinct rtrim(s))"]
    heads = [groups] if groups else []
    tail = " from t" + (f" group by {groups}" if groups else "")
    theirs = f"select {', '.join([*heads, *judging])}{tail}".replace("g, s", "g, rtrim(s)")
    both(ours, judge, f"select {', '.join([*heads, *items])}{tail}", theirs)


def test_percentiles_of_wide_numbers_and_moments(ours: Any) -> None:
    source = random_table().to_pydict()
    wide = sorted(Fraction(v) for v in source["w"] if v is not None)
    place, rest = divmod((len(wide) - 1) * 3, 10)
    expected = wide[place] + (wide[place + (rest > 0)] - wide[place]) * Fraction(rest, 10)
    (found,) = ours.execute("select percentile_cont(0.3) within group (order by w) from t").fetchone()
    assert Fraction(found) == expected
    days = sorted(v for v in source["t"] if v is not None)
    stamps = sorted(v for v in source["u"] if v is not None)
    middle = [(len(x) - 1) // 2 for x in (days, stamps)]
    row = ours.execute("select median(t), median(u) from t").fetchone()
    assert days[middle[0]] <= row[0] <= days[middle[0] + 1]
    assert stamps[middle[1]] <= row[1] <= stamps[middle[1] + 1]


@pytest.mark.parametrize("groups", ["", "g", "k % 50"])
def test_listagg(ours: Any, judge: Any, groups: str) -> None:
    mine = "listagg(s, ',') within group (order by k desc, id), listagg(distinct k, '') within group (order by k), " \
           "listagg(d) within group (order by k, id)"
    theirs = "string_agg(nullif(rtrim(s), ''), ',' order by k desc nulls first, id), " \
             "array_to_string(list_sort(list(distinct k) filter (k is not null)), ''), " \
             "string_agg(d::varchar, '' order by k nulls last, id)"
    heads, tail = (f"{groups}, ", f" group by {groups}") if groups else ("", "")
    both(ours, judge, f"select {heads}{mine.replace('listagg(s,', 'listagg(rtrim(s),')} from t{tail}",
         f"select {heads}{theirs} from t{tail}")


def test_over_partitions(ours: Any, judge: Any) -> None:
    mine = "median(k) over (partition by g)::double precision, " \
           "percentile_cont(0.2) within group (order by f) over (partition by s), " \
           "percentile_disc(0.4) within group (order by d desc) over (), " \
           "listagg(distinct g, '+') within group (order by g) over (partition by k % 7), " \
           "var_pop(k) over (partition by g)"
    theirs = "quantile_cont(k::double, 0.5) over (partition by g), " \
             "quantile_cont(f, 0.2) over (partition by rtrim(s)), " \
             "(select d from (select d, row_number() over (order by d desc) r, count(*) over () n from t where d is " \
             "not null) where r = ceil(0.4 * n)), " \
             "array_to_string(list_sort(list(distinct g) filter (g is not null) over (partition by k % 7)), '+'), " \
             "var_pop(k) over (partition by g)"
    both(ours, judge, f"select id, {mine} from t", f"select id, {theirs} from t")
