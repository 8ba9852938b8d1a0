"""Small random tables with all types, NULLs, duplicates and extremes; loaded into us and into the judge.

Every table has `k` (a key with few values) and a random part of CATALOGUE. Columns named x... hold extremes
and are only compared, grouped and aggregated by MIN, MAX and COUNT. Floats are multiples of 1/4, so that
sums are exact in any order; REAL is a DOUBLE to the judge. Designs (distribution, sort key, encodings) and
the way rows are loaded are random too, and differ from one topology to the next.
"""

from __future__ import annotations

import datetime
import decimal
import string
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow as pa

from .nodes import Type

Rows = list[Any]
EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class Kind:
    """A column that tables may have: its declaration, what the writer knows, and its pool of values."""

    name: str
    declared: str
    type: Type
    arrow: pa.DataType
    encodings: str  # the ones allowed, by blanks


def _int(name: str, width: str, bound: int, wild: bool = False, encodings: str = "") -> Kind:
    bits = {"smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64()}[width]
    mostly = {"smallint": "mostly8", "int": "mostly8 mostly16 delta delta32k", "bigint": "mostly8 mostly32 delta"}
    usable = f"raw az64 bytedict lzo zstd runlength {mostly[width]}"
    return Kind(name, width, Type("int", width, bound=bound, wild=wild), bits, usable)


def _dec(name: str, precision: int, scale: int, bound: int, wild: bool = False) -> Kind:
    type = Type("dec", precision=precision, scale=scale, bound=bound, wild=wild)
    usable = "raw az64 bytedict lzo zstd runlength delta delta32k mostly8 mostly16 mostly32"
    return Kind(name, f"decimal({precision},{scale})", type, pa.decimal128(precision, scale), usable)


_MOMENT = "raw az64 bytedict lzo zstd runlength"
_TEXT = "raw bytedict lzo zstd runlength text255 text32k"

CATALOGUE = (
    _int("i2", "smallint", 90),
    _int("i4", "int", 1000),
    _int("i8", "bigint", 100_000),
    _int("x2", "smallint", 2**15, True),
    _int("x4", "int", 2**31, True),
    _int("x8", "bigint", 2**63, True),
    _dec("d9", 9, 2, 100_000),
    _dec("d19", 19, 4, 10**7),
    _dec("d38", 38, 6, 10**12),
    _dec("x19", 19, 4, 9 * 10**14, True),
    _dec("x38", 38, 6, 10**32, True),
    Kind("r", "real", Type("flt", "real", bound=1000), pa.float32(), "raw bytedict zstd runlength"),
    Kind("f", "double precision", Type("flt", "double", bound=10_000), pa.float64(), "raw bytedict zstd runlength"),
    Kind(
        "xf",
        "double precision",
        Type("flt", "double", bound=1e300, wild=True, rounded=True),
        pa.float64(),
        "raw bytedict zstd runlength",
    ),
    Kind("b", "boolean", Type("bool"), pa.bool_(), "raw zstd runlength"),
    Kind("c", "char(5)", Type("text", length=5), pa.string(), "raw bytedict lzo zstd runlength"),
    Kind("v", "varchar(12)", Type("text", length=12), pa.string(), _TEXT),
    Kind("w", "varchar(12)", Type("text", length=12, blank=True), pa.string(), _TEXT),
    Kind("u", "varchar(60)", Type("text", length=40, ascii=False), pa.string(), _TEXT),
    Kind("dt", "date", Type("date"), pa.date32(), _MOMENT + " delta delta32k"),
    Kind("xd", "date", Type("date", wild=True), pa.date32(), _MOMENT),
    Kind("ts", "timestamp", Type("ts"), pa.timestamp("us"), _MOMENT + " delta"),
    Kind("xt", "timestamp", Type("ts", wild=True), pa.timestamp("us"), _MOMENT),
)
KEY = _int("k", "int", 1_000_000)


@dataclass(frozen=True)
class Column:
    kind: Kind
    peak: float  # share of the most frequent value

    @property
    def name(self) -> str:
        return self.kind.name


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    data: pa.Table

    @property
    def rows(self) -> int:
        return int(self.data.num_rows)


# -- values ------------------------------------------------------------------------------------


def _word(random: Random, letters: str, length: int) -> str:
    return "".join(random.choice(letters) for _ in range(random.randint(0, length)))


def one(kind: Kind, random: Random) -> Any:
    """A random value of a column."""
    type, name = kind.type, kind.name
    match type.sort:
        case "int" if type.wild:
            top = int(type.bound)
            return random.choice([-top, top - 1, 0, 1, -1, random.randint(-top, top - 1)])
        case "int":
            return (
                random.randint(-3, 9) if random.random() < 0.5 else random.randint(-int(type.bound), int(type.bound))
            )
        case "dec":
            top = int(type.bound) * 10**type.scale - 1
            small = random.randint(-9 * 10**type.scale, 9 * 10**type.scale)
            units = random.choice([-top, top, 0] if type.wild else [small, random.randint(-top, top)])
            with decimal.localcontext(prec=60):
                return decimal.Decimal(units).scaleb(-type.scale)
        case "flt" if type.wild:
            return random.choice([float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1e300, -1e-300, 1.5])
        case "flt":
            return random.randint(-40, 40) / 4 if random.random() < 0.5 else random.randint(-4000, 4000) / 4
        case "bool":
            return random.random() < 0.5
        case "text":
            return _text(name, type, random)
        case "date":
            days = random.choice([-719162, 2932896, 0, -1, 1]) if type.wild else random.randint(8000, 12000)
            return EPOCH + datetime.timedelta(days=days if type.wild or random.random() < 0.5 else days // 200 * 200)
        case _:
            return _moment(type, random)


def _text(name: str, type: Type, random: Random) -> str:
    if name == "u":
        return _word(random, "aé日 b%_", 8).rstrip(" ") if random.random() < 0.8 else _word(random, "xyz日", 14)
    if name == "w":
        return _word(random, "ab ", 3) + " " * random.choice([0, 0, 1, 3])
    return (
        _word(random, "ab ", 3)
        if random.random() < 0.6
        else _word(random, string.ascii_letters + " %_'", type.length)
    ).rstrip(" ")


def _moment(type: Type, random: Random) -> datetime.datetime:
    if type.wild:
        return random.choice(
            [
                datetime.datetime.min,
                datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
                datetime.datetime(1970, 1, 1),
                datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
            ]
        )
    day = datetime.datetime(1992, 1, 1) + datetime.timedelta(days=random.randint(0, 3000))
    if random.random() < 0.4:
        return day
    if random.random() < 0.4:
        return day.replace(day=1)
    return day + datetime.timedelta(microseconds=random.randint(0, 86_400_000_000 - 1))


def _column(kind: Kind, rows: int, distinct: int, nulls: float, random: Random) -> pa.Array:
    """`rows` values out of a pool of `distinct` ones."""
    pool = [one(kind, random) for _ in range(distinct)]
    picked = [None if random.random() < nulls else random.randrange(distinct) for _ in range(rows)]
    if random.random() < 0.2:  # runs, and order
        picked.sort(key=lambda i: -1 if i is None else i)
    return pa.array(pool, kind.arrow).take(pa.array(picked, pa.int64()))


def _peak(array: pa.Array) -> float:
    counts = array.drop_null().value_counts()
    return max((c["counts"].as_py() for c in counts), default=0) / max(len(array), 1)


def make_table(name: str, rows: int, random: Random) -> Table:
    """A random table."""
    kinds = [kind for kind in CATALOGUE if random.random() < (0.65 if rows < 1000 else 0.4)]
    random.shuffle(kinds)
    kinds.insert(random.randint(0, len(kinds)), KEY)
    arrays = []
    for kind in kinds:
        nulls = random.choice([0.0, 0.0, 0.1, 0.1, 0.4, 0.9, 1.0] if kind is not KEY else [0.0, 0.1, 0.3])
        wide = kind is KEY and rows > 1000
        distinct = max(rows // 2, 1) if wide else random.choice([1, 2, 5, 20, 100 if rows < 1000 else 4000])
        arrays.append(_column(kind, rows, min(distinct, max(rows, 1)), nulls, random))
    columns = tuple(Column(kind, _peak(a)) for kind, a in zip(kinds, arrays))
    return Table(name, columns, pa.table(arrays, [k.name for k in kinds]))


def make_tables(random: Random, big: bool) -> tuple[Table, ...]:
    """Tables of one data set; with `big` one that is longer than a batch."""
    sizes = [
        0,
        random.randint(1, 3),
        random.randint(5, 20),
        random.randint(20, 60),
        random.randint(100, 300),
        random.randint(100, 300),
    ]
    tables = [make_table(f"t{i}", size, random) for i, size in enumerate(sizes)]
    if big:
        tables.append(make_table("big", random.randint(70_001, 140_000), random))
    return tuple(tables)


# -- loading -----------------------------------------------------------------------------------


def ddl(table: Table, random: Random) -> str:
    """CREATE TABLE in a random design."""
    some = random.choice(["none", "all", "auto"])
    columns = []
    for column in table.columns:
        encoding = random.choice(column.kind.encodings.split()) if some == "all" and random.random() < 0.8 else ""
        full = " not null" if table.data[column.name].null_count == 0 and random.random() < 0.6 else ""
        columns.append(f"{column.name} {column.kind.declared}{' encode ' + encoding if encoding else ''}{full}")
    design = random.choice(["", "diststyle even", "diststyle all", "distkey", "distkey", "distkey"])
    if design == "distkey":
        design = f"distkey({'k' if random.random() < 0.5 else random.choice(table.columns).name})"
    keys = random.sample([c.name for c in table.columns], min(random.choice([0, 1, 1, 2]), len(table.columns)))
    sort = f" sortkey({', '.join(keys)})" if keys else ""
    return f"create table {table.name} ({', '.join(columns)}) {design}{sort}"


def load(connection: Any, tables: tuple[Table, ...], random: Random) -> list[str]:
    """Create and fill the tables; the DDL that was used."""
    made = []
    for table in tables:
        made.append(ddl(table, random))
        connection.execute(made[-1]).close()
        cuts = sorted(random.randint(0, table.rows) for _ in range(random.choice([0, 0, 1, 2])))
        for start, end in zip([0, *cuts], [*cuts, table.rows]):
            if end > start or random.random() < 0.1:
                connection.write_arrow(table.name, table.data.slice(start, end - start))
    return made


def load_judge(judge: Any, tables: tuple[Table, ...]) -> None:
    """The same rows in DuckDB: REAL as DOUBLE, CHAR without its blanks."""
    for table in tables:
        names = [
            f"cast({c.name} as double) as {c.name}"
            if c.name == "r"
            else f"rtrim({c.name}, ' ') as {c.name}"
            if c.name == "c"
            else c.name
            for c in table.columns
        ]
        judge.register("incoming", table.data)
        judge.execute(f"create or replace table {table.name} as select {', '.join(names)} from incoming")
        judge.unregister("incoming")
