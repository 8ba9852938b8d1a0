"""CREATE TABLE: what is kept in the catalogue, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error
from warehouse.storage.schema import Constraint, DistStyle, Table


def table(db: Any, name: str, schema: str = "public") -> Table:
    found = db.session.database.view().relation(schema, name)
    assert isinstance(found, Table)
    return found


def test_everything_is_kept(db: Any) -> None:
    db.execute(
        """create table t (
            id bigint identity(10, 5) primary key,
            name varchar(20) not null encode zstd,
            price numeric(10, 2) encode bytedict,
            day date sortkey distkey
        ) backup no"""
    )
    t = table(db, "t")
    assert [(c.id, c.name, str(c.type)) for c in t.columns] == [
        (1, "id", "bigint"), (2, "name", "character varying(20)"), (3, "price", "numeric(10,2)"),
        (4, "day", "date"),
    ]  # fmt: skip
    assert [c.nullable for c in t.columns] == [False, False, True, True]
    assert t.columns[0].identity == (10, 5) and t.columns[0].primary_key
    assert (t.dist_style, t.dist_key, t.sort_key, t.backup) == (DistStyle.KEY, 3, (3,), False)
    assert t.constraints == (Constraint("primary key", ("id",)),)
    # Some encodings are given, so the others get Redshift's defaults; RAW in the sort key.
    assert [c.encoding for c in t.columns] == ["az64", "zstd", "bytedict", "raw"]


@pytest.mark.parametrize(
    ("clause", "style", "key"),
    [
        ("", DistStyle.AUTO, None),
        ("diststyle auto", DistStyle.AUTO, None),
        ("diststyle even", DistStyle.EVEN, None),
        ("diststyle all", DistStyle.ALL, None),
        ("distkey(b)", DistStyle.KEY, 1),
        ("diststyle key distkey(b)", DistStyle.KEY, 1),
    ],
    ids=["none", "auto", "even", "all", "distkey", "key"],
)
def test_distribution(db: Any, clause: str, style: DistStyle, key: int | None) -> None:
    db.execute(f"create table t (a int, b int) {clause}")
    assert (table(db, "t").dist_style, table(db, "t").dist_key) == (style, key)


@pytest.mark.parametrize(
    ("columns", "encodings"),
    [
        ("a int, b varchar(5), c bool", ["auto", "auto", "auto"]),
        ("a int encode raw, b varchar(5), c real, d date", ["raw", "lzo", "raw", "az64"]),
        ("a int encode delta, b int sortkey", ["delta", "raw"]),
    ],
)
def test_encodings(db: Any, columns: str, encodings: list[str]) -> None:
    db.execute(f"create table t ({columns})")
    assert [c.encoding for c in table(db, "t").columns] == encodings


def test_encode_auto_stays_beside_given_ones(db: Any) -> None:
    db.execute("create table t (a int encode raw, b int) encode auto")
    assert [c.encoding for c in table(db, "t").columns] == ["raw", "auto"]


@pytest.mark.parametrize(
    ("sql", "sqlstate", "words"),
    [
        ("create table t (a int encode text255)", "42P16", 'invalid encoding type specified for column "a"'),
        ("create table t (a varchar(9) encode az64)", "42P16", "invalid encoding type"),
        ("create table t (a int encode nonsense)", "42P16", "nonsense"),
        ("create table t (a int, a int)", "42701", 'column "a" specified more than once'),
        ("create table t (a int distkey, b int distkey)", "42P16", "DISTKEY"),
        ("create table t (a int) distkey(b)", "42703", 'distribution key column "b" does not exist'),
        ("create table t (a int distkey) diststyle even", "42P16", "DISTSTYLE EVEN"),
        ("create table t (a int) diststyle all distkey(a)", "42P16", "DISTSTYLE ALL"),
        ("create table t (a int) diststyle key", "42P16", "needs a DISTKEY"),
        ("create table t (a int) sortkey(b)", "42703", 'sort key column "b" does not exist'),
        ("create table t (a int sortkey, b int sortkey)", "42P16", "SORTKEY"),
        ("create table t (a int) sortkey(a, a)", "42P16", "twice"),
        ("create table t (a varchar(5) identity(1,1))", "42P16", "must be INT or BIGINT"),
        ("create table t (a int identity(1,0))", "42P16", "must not be 0"),
        ("create table nosuch.t (a int)", "3F000", 'schema "nosuch" does not exist'),
        ("create table pg_catalog.t (a int)", "42501", "system catalog"),
        ("create table t (a int primary key, primary key (a))", "42P16", "multiple primary keys"),
        ("create table t (a int, unique (b))", "42703", '"b"'),
        ("create table t (a int references nosuch(a))", "42P01", "nosuch"),
        ("create table t (a int, " + ", ".join(f"c{i} int" for i in range(1600)) + ")", "54011", "1600"),
    ],
)
def test_refused(db: Any, sql: str, sqlstate: str, words: str) -> None:
    before = db.session.database.snapshot()
    with pytest.raises(Error) as caught:
        db.execute(sql)
    assert words in str(caught.value)
    assert caught.value.sqlstate == sqlstate
    assert db.session.database.snapshot() == before


def test_1600_columns_are_fine(db: Any) -> None:
    db.execute("create table t (" + ", ".join(f"c{i} int" for i in range(1600)) + ")")
    assert len(table(db, "t").columns) == 1600


def test_a_name_that_is_taken(db: Any) -> None:
    db.execute("create table t (a int)")
    with pytest.raises(Error, match='relation "t" already exists') as caught:
        db.execute("create table t (b int)")
    assert caught.value.sqlstate == "42P07"
    cursor = db.execute("create table if not exists t (b int)")
    assert cursor.notices == ['INFO:  Relation "t" already exists and will be skipped']
    assert table(db, "t").columns[0].name == "a"


def test_like_takes_columns_and_keys(db: Any) -> None:
    db.execute("create table p (a int not null encode zstd, b varchar(5) primary key) distkey(b) sortkey(a)")
    db.execute("create table c (like p)")
    assert table(db, "c").backup
    for parent, backup in (("b", "backup no"), ("d", "backup yes")):
        db.execute(f"create table {parent} (a int) {backup}; create table like_{parent} (like {parent})")
        assert table(db, f"like_{parent}").backup is (backup == "backup yes")
        with pytest.raises(Error, match="no table attributes allowed"):
            db.execute(f"create table other (like {parent}) {backup}")
    parent, child = table(db, "p"), table(db, "c")
    assert child.id != parent.id and child.constraints == ()
    assert (child.dist_style, child.dist_key, child.sort_key) == (DistStyle.KEY, 1, (0,))
    assert [(c.name, c.type, c.encoding) for c in child.columns] == [
        (c.name, c.type, c.encoding) for c in parent.columns
    ]
    assert [c.nullable for c in child.columns] == [False, False]


def test_foreign_keys_are_resolved(db: Any) -> None:
    db.execute("create table p (a int primary key, b int unique)")
    db.execute("create table c (x int references p, y int references p(b), foreign key (y) references p (b))")
    kinds = table(db, "c").constraints
    assert [c.references for c in kinds] == ["public.p(a)", "public.p(b)", "public.p(b)"]
    with pytest.raises(Error, match="no unique constraint matching") as caught:
        db.execute("create table d (x int, y int, foreign key (x, y) references p (a, b))")
    assert caught.value.sqlstate == "42830"


def test_the_search_path_says_where(db: Any) -> None:
    db.execute("create schema s; set search_path to nosuch, s, public; create table t (a int)")
    assert table(db, "t", "s").schema == "s"
    db.execute("set search_path to nosuch")
    with pytest.raises(Error, match="no schema has been selected") as caught:
        db.execute("create table u (a int)")
    assert caught.value.sqlstate == "3F000"


def test_compound_sort_keys(db: Any) -> None:
    db.execute("create table t (a int, b int, c int) compound sortkey(c, a)")
    assert table(db, "t").sort_key == (2, 0)
    db.execute("insert into t values (2, 1, 9), (1, 2, 9), (3, 3, 1)")
    assert db.execute("select b from t order by c, a").fetchall() == [(3,), (2,), (1,)]
