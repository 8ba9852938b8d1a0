"""`import warehouse as redshift_connector`: what programs written for it use."""
from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import warehouse as redshift_connector


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    with redshift_connector.connect(
        database=str(tmp_path / "dev"), host="examplecluster.abc123.us-west-1.redshift.amazonaws.com", port=5439,
        user="awsuser", password="my_password", ssl=True, iam=False, cluster_identifier="x", timeout=5,
        application_name="etl",
    ) as made:
        made.autocommit = True
        made.cursor().execute(
            "create schema shop; create table shop.book (id int primary key, name varchar(20), price decimal(6,2));"
            "create view shop.cheap as select id from shop.book where price < 5;"
            "create table shop.page (n int identity(1,1), t varchar(5)); comment on table shop.book is 'paper'"
        )
        yield made


def test_arguments_without_meaning_are_taken(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("select current_user, current_setting('application_name')")
    assert cursor.fetchone() == ("awsuser", "etl")
    with pytest.raises(redshift_connector.InterfaceError, match="no option 'hots'"):
        redshift_connector.connect(hots="x")


def test_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(redshift_connector.connect(autocommit=True).cursor(), redshift_connector.Cursor)
    assert issubclass(redshift_connector.ProgrammingError, redshift_connector.DatabaseError)
    assert redshift_connector.NUMBER == 1700 and redshift_connector.STRING == 1043
    monkeypatch.setattr(redshift_connector, "paramstyle", "qmark")
    with redshift_connector.connect() as made:
        cursor = made.cursor()
        assert cursor.execute("select ?", (7,)).fetchall() == [(7,)]
        cursor.paramstyle = "named"
        assert cursor.execute("select :a", {"a": 8}).fetchall() == [(8,)]
        with pytest.raises(redshift_connector.InterfaceError, match="unknown paramstyle"):
            cursor.paramstyle = "dollar"
        assert made.cursor().execute("select ?", (9,)).fetchall() == [(9,)]


class Colour(Enum):
    RED = "red"


def test_parameters_that_say_their_type(connection: Any) -> None:
    rc = redshift_connector
    cursor = connection.cursor()
    values = (rc.PGVarchar("a"), rc.PGText("b"), rc.PGEnum(Colour.RED), rc.PGEnum("blue"))
    assert cursor.execute("select %s, %s, %s, %s", values).fetchone() == ("a", "b", "red", "blue")
    documents = (rc.PGJson({"k": [1, 2]}), rc.PGJsonb(None))
    cursor.execute("select json_parse(%s).k[1], json_typeof(json_parse(%s))", documents)
    assert cursor.fetchone() == ("2", "null")
    cursor.executemany("insert into shop.page (t) values (%s)", [(rc.PGVarchar("x"),), (rc.PGEnum(Colour.RED),)])
    cursor.execute("insert into shop.page (t) values (%s)", (rc.PGText("z"),))
    assert cursor.execute("select t from shop.page order by 1").fetchall() == [("red",), ("x",), ("z",)]
    with pytest.raises(rc.NotSupportedError, match="tsvector"):
        cursor.execute("select %s", (rc.PGTsvector("a"),))


def test_names_of_its_module(connection: Any) -> None:
    rc = redshift_connector
    assert rc.RedshiftOID.VARCHAR == 1043 == rc.VARCHAR and "VARCHAR" in rc.redshift_oids
    assert rc.RedshiftOID(connection.cursor().execute("select 1::bigint").description[0][1]).name == "BIGINT"
    assert rc.ClientProtocolVersion.get_name(rc.DEFAULT_PROTOCOL_VERSION) == "BINARY"
    assert rc.paramstyle in rc.DbApiParamstyle.list() and rc.DbApiParamstyle("qmark") is rc.DbApiParamstyle.QMARK
    assert rc.error.ProgrammingError is rc.ProgrammingError and rc.core.Connection is rc.Connection
    assert rc.cursor.Cursor is rc.Cursor and rc.pg_types.PGText is rc.PGText
    for name in ("IamHelper", "RedshiftProperty", "plugin"):
        with pytest.raises(AttributeError, match=f"{name} is about signing in to AWS"):
            getattr(rc, name)
    with rc.connect() as made:
        assert not made.in_transaction
        assert made.run("select 1 as one") == ((1,),) and made.description[0][0] == "one"
        assert made.in_transaction and made.is_single_database_metadata
        made.commit()
        assert not made.in_transaction


def test_what_there_is(connection: Any) -> None:
    cursor = connection.cursor()
    assert cursor.get_catalogs() == (("dev",),)
    assert cursor.get_schemas() == (("public", "dev"), ("shop", "dev"))
    assert cursor.get_schemas(schema_pattern="sh%") == (("shop", "dev"),)
    assert [row[1:5] for row in cursor.get_tables(schema_pattern="shop")] == [
        ("shop", "book", "TABLE", "paper"), ("shop", "page", "TABLE", None), ("shop", "cheap", "VIEW", None),
    ]
    assert [d[0] for d in cursor.description][:5] == ["table_cat", "table_schem", "table_name", "table_type", "remarks"]
    assert [row[2] for row in cursor.get_tables(types=["VIEW"])] == ["cheap"]
    with pytest.raises(redshift_connector.InterfaceError, match="unknown table type"):
        cursor.get_tables(types=["CHAIR"])
    found = cursor.get_columns(schema_pattern="shop", tablename_pattern="book")
    assert [(row[3], row[4], row[5], row[6], row[10]) for row in found] == [
        ("id", 4, "integer", 32, 0), ("name", 12, "character varying", 20, 1), ("price", 2, "numeric", 6, 1),
    ]
    assert [row[22] for row in cursor.get_columns(tablename_pattern="page")] == ["YES", "NO"]
    assert cursor.get_primary_keys(schema="shop", table="book") == (("dev", "shop", "book", "id", 1, "book_pkey"),)
    assert cursor.get_procedures() == ()


def test_bulk_and_frames(connection: Any, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    file = tmp_path / "books.csv"
    file.write_text('id|skip|name|price\n1|x|"a|b"|1.50\n2|x|c|2\n')
    cursor = connection.cursor()
    cursor.insert_data_bulk(str(file), "shop.book", [0, 2, 3], ["id", "name", "price"], "|", batch_size=1)
    cursor.write_dataframe(pandas.DataFrame({"id": [3], "name": ["d"], "price": [3.25]}), "shop.book")
    cursor.execute("select id, name, price from shop.book order by id")
    frame = cursor.fetch_dataframe()
    assert list(frame.columns) == ["id", "name", "price"] and list(frame["id"]) == [1, 2, 3]
    cursor.execute("select id, name from shop.book order by id")
    array = cursor.fetch_numpy_array()
    assert array.shape == (3, 2) and array[0].tolist() == [1, "a|b"]
    with pytest.raises(redshift_connector.InterfaceError, match="same length"):
        cursor.insert_data_bulk(str(file), "shop.book", [0], [], ",")


def test_keys_privileges_and_functions(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "create table shop.loan (book int references shop.book (id), day date); create user ann password disable;"
        "grant select on shop.book to ann; grant update (name) on shop.book to ann;"
        "create function shop.f_twice(int) returns int immutable as $$ select $1 * 2 $$ language sql"
    )
    key = ("dev", "shop", "book", "id", "dev", "shop", "loan", "book", 1, 3, 3, "loan_book_fkey", "book_pkey", 7)
    assert cursor.get_imported_keys(schema="shop", table="loan") == (key,)
    assert cursor.get_exported_keys(catalog="dev", table="book") == (key,)
    assert cursor.get_exported_keys(catalog="other") == ()
    assert [d[0] for d in cursor.description][:2] == ["pktable_cat", "pktable_schem"]
    assert cursor.get_best_row_identifier(None, "shop", "book", 1) == ((1, "id", 4, "integer", 32, None, 0, 1),)
    assert cursor.get_column_privileges(table="book", column_name_pattern="n%") == (
        ("dev", "shop", "book", "name", "awsuser", "ann", "UPDATE", "NO"),
    )
    assert cursor.get_table_privileges(schema_pattern="sh%") == (
        ("dev", "shop", "book", "awsuser", "ann", "SELECT", "NO"),
    )
    assert cursor.get_functions(function_name_pattern="f\\_%") == (
        ("dev", "shop", "f_twice", "", 1, "f_twice(integer)"),
    )
    assert [row[3:7] for row in cursor.get_function_columns(function_name_pattern="f%")] == [("$1", 1, 4, "integer")]
    assert cursor.get_procedure_columns() == ()
    assert ("TABLE",) in cursor.get_table_types()


def test_other_names() -> None:
    """Arguments, methods, codes and errors that programs name."""
    with redshift_connector.connect(numeric_to_float=True, enable_table_types=True, auth_profile="x") as made:
        cursor = made.cursor()
        cursor.execute("select %s::decimal(5,2), 1", args=("1.5",))
        assert cursor.fetchmany(num=1) == [(1.5, 1)]
        assert cursor.redshift_rowcount == 1
        assert cursor.description[0][1] == redshift_connector.NUMERIC == 1700
        assert made.run("select :a", a=3) == ((3,),)
        with pytest.raises(redshift_connector.NotSupportedError, match="CALL"):
            cursor.callproc("p", (1,))
        made.rollback()
        with pytest.raises(redshift_connector.NotSupportedError, match="two-phase"):
            made.tpc_begin(made)
    assert issubclass(redshift_connector.ArrayContentNotHomogenousError, redshift_connector.ProgrammingError)
    with pytest.raises(AttributeError):
        redshift_connector.NO_SUCH_TYPE  # noqa: B018


def test_sessions_are_logged(tmp_path: Path) -> None:
    with redshift_connector.connect(str(tmp_path / "dw"), application_name="etl"):
        pass
    with redshift_connector.connect(str(tmp_path / "dw")) as made:
        rows = made.run("select trim(event), application_name from stl_connection_log where application_name = 'etl'")
        assert sorted(rows) == [("authenticated", "etl"), ("disconnecting session", "etl"),
                                ("initiating session", "etl")]


def test_show_takes_parameters(connection: Any) -> None:
    """As redshift_connector's own metadata queries have them."""
    cursor = connection.cursor()
    for text, values, rows in (
        ("SHOW SCHEMAS FROM DATABASE %s LIKE %s;", ("dev", "sh%"), 1),
        ("SHOW TABLES FROM SCHEMA %s.%s;", ("dev", "shop"), 3),
        ("SHOW COLUMNS FROM TABLE %s.%s.%s LIKE %s;", ("dev", "shop", "book", "n\\ame"), 1),
        ("SHOW CONSTRAINTS PRIMARY KEYS FROM TABLE %s.%s.%s;", ("dev", "shop", "book"), 1),
        ("SHOW TABLES FROM DATABASE %s WHERE SCHEMA_NAME LIKE %s AND TABLE_NAME LIKE %s", ("dev", "s%", "b%"), 1),
    ):
        assert len(cursor.execute(text, values).fetchall()) == rows, text
    with pytest.raises(redshift_connector.ProgrammingError, match="does not exist"):
        cursor.execute("SHOW TABLES FROM SCHEMA %s.%s", ("dev", "it's \"quoted\""))
    with pytest.raises(redshift_connector.DataError, match="must be text"):
        cursor.execute("SHOW SCHEMAS FROM DATABASE %s", (1,))
