"""COPY's text formats: the fast path agrees with the strict one, and refusals say where and why."""
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse import errors
from warehouse.engine.handlers.copy_findings import PartFindings
from warehouse.storage import types as t
from warehouse.storage.arrow import from_arrow
from warehouse.storage.formats.chunks import Chunk
from warehouse.storage.formats.listing import list_files
from warehouse.storage.formats.options import text_options
from warehouse.storage.formats.rejected import RejectedRow
from warehouse.storage.formats.strict import StrictParser
from warehouse.storage.formats.text import FastParser, TextSource
from warehouse.storage.schema import Column

Rows = list[tuple[Any, ...]]
ABC = (t.INTEGER, t.varchar(5), t.decimal(6, 2))


def columns(*kinds: t.SqlType, not_null: tuple[int, ...] = ()) -> tuple[Column, ...]:
    return tuple(Column(i, "abcdefghijklm"[i], kind, nullable=i not in not_null) for i, kind in enumerate(kinds))


def to_rows(batches: list[Any], wanted: tuple[Column, ...]) -> Rows:
    found: Rows = []
    for batch in batches:
        data = [from_arrow(a, c.type, c.name).to_list() for a, c in zip(batch.columns, wanted)]
        found.extend(zip(*data))
    return found


def read(
    tmp_path: Path, text: str | bytes, kinds: tuple[t.SqlType, ...] = ABC, format: str = "delimited",
    chunk_bytes: int = 1 << 20, not_null: tuple[int, ...] = (), **options: Any,
) -> Rows:  # fmt: skip
    path = tmp_path / "in.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = TextSource(list_files(str(path)), format, options, chunk_bytes)
    wanted = columns(*kinds, not_null=not_null)
    return to_rows([b for part in source.parts for b in source.read(part, wanted)], wanted)


def refusal(tmp_path: Path, text: str | bytes, *arguments: Any, **options: Any) -> RejectedRow:
    with pytest.raises(RejectedRow) as caught:
        read(tmp_path, text, *arguments, **options)
    assert str(tmp_path / "in.txt") in caught.value.message
    assert isinstance(caught.value, errors.LoadError)
    return caught.value


# -- what is read ----------------------------------------------------------------------------------


def test_delimited_with_and_without_a_last_delimiter(tmp_path: Path) -> None:
    expected = [(1, "a", 150), (2, "", -5)]
    assert read(tmp_path, "1|a|1.5\n2||-.05\n") == expected
    assert read(tmp_path, "1|a|1.5|\n2||-.05|\n") == expected
    assert read(tmp_path, "1|a|1.5|\n2||-.05") == expected
    assert read(tmp_path, "1|a|1.5\r\n2||-.05\r\n") == expected
    assert read(tmp_path, "1;a;1.5\n2;;-.05\n", DELIMITER=";") == expected
    assert read(tmp_path, "1\0a\0001.5\n2\0\0-.05\n", DELIMITER="\0") == expected
    assert read(tmp_path, b"\xef\xbb\xbf1|a|1.5\n2||-.05\n") == expected
    assert read(tmp_path, "") == []


def test_nulls(tmp_path: Path) -> None:
    assert read(tmp_path, "|\\N|\n\\N||\\N\n") == [(None, None, None), (None, "", None)]
    assert read(tmp_path, "NA|NA|NA\n1|\\N|\n", NULL="NA") == [(None, None, None), (1, "\\N", None)]
    assert read(tmp_path, "1||1\n", EMPTYASNULL=True) == [(1, None, 100)]
    assert read(tmp_path, "1|  |1\n", BLANKSASNULL=True) == [(1, None, 100)]
    assert read(tmp_path, "1||1\n", BLANKSASNULL=True) == [(1, "", 100)]
    assert read(tmp_path, "  |a|  \n") == [(None, "a", None)]


def test_csv(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,""y",1\n"2","p\nq","3"\n'
    assert read(tmp_path, text, format="csv", IGNOREHEADER=1) == [(1, 'x,"y', 100), (2, "p\nq", 300)]
    assert read(tmp_path, '1 , "a" ,2\n', format="csv") == [(1, "a", 200)]
    assert read(tmp_path, "1;'a;b';2\n", format="csv", DELIMITER=";", QUOTE="'") == [(1, "a;b", 200)]
    assert read(tmp_path, "1,a,2\r\n3,b,4\r\n", format="csv") == [(1, "a", 200), (3, "b", 400)]


def test_escape_and_removequotes(tmp_path: Path) -> None:
    assert read(tmp_path, "1|a\\|b|1\n2|c\\\nd|2\n", ESCAPE=True) == [(1, "a|b", 100), (2, "c\nd", 200)]
    assert read(tmp_path, "1|\\N|1\n2|\\\\N|1\n", ESCAPE=True) == [(1, None, 100), (2, None, 100)]
    assert read(tmp_path, "1|a\\b|1\n") == [(1, "a\\b", 100)]
    assert read(tmp_path, "1|'a|b'|1\n\"2\"|c\"|\"2\"\n", REMOVEQUOTES=True) == [(1, "a|b", 100), (2, 'c"', 200)]
    assert read(tmp_path, "1|'a'|1\n") == [(1, "'a'", 100)]


def test_conversion_options(tmp_path: Path) -> None:
    assert read(tmp_path, "1|abcdéf|1.259\n", TRUNCATECOLUMNS=True) == [(1, "abcd", 125)]
    assert read(tmp_path, "1|a  |1.255\n", TRIMBLANKS=True, ROUNDEC=True) == [(1, "a", 126)]
    assert read(tmp_path, "1|a|1.259\n") == [(1, "a", 125)]
    assert read(tmp_path, "1|a\n2\n3|b|1\n", FILLRECORD=True) == [(1, "a", None), (2, "", None), (3, "b", 100)]
    assert read(tmp_path, "1|a|1\n\n\n2|b|2\n", IGNOREBLANKLINES=True) == [(1, "a", 100), (2, "b", 200)]


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    kinds = (t.SMALLINT, t.BIGINT, t.decimal(38, 4), t.DOUBLE, t.REAL)
    text = "+5| 7 |1e2|1e300|nan\n-0|-9223372036854775808|-.5|-inf|1.5\n"
    first, second = read(tmp_path, text, kinds)
    assert first[:4] == (5, 7, 1_000_000, 1e300) and first[4] != first[4]
    assert second == (0, -(1 << 63), -5000, float("-inf"), 1.5)


def test_booleans(tmp_path: Path) -> None:
    assert read(tmp_path, "t\nTRUE\nYes\n1\nf\nno\n0\n\n", (t.BOOLEAN,)) == [
        (True,), (True,), (True,), (True,), (False,), (False,), (False,), (None,),
    ]  # fmt: skip


def test_dates_and_times(tmp_path: Path) -> None:
    kinds = (t.DATE, t.TIMESTAMP, t.TIMESTAMPTZ, t.TIME)
    text = "1970-01-02|1970-01-01 00:00:01.5|1970-01-01 01:00:00+01|00:00:01\n"
    expected = [(1, 1_500_000, 0, 1_000_000)]
    assert read(tmp_path, text, kinds) == expected
    assert read(tmp_path, text.replace("|", "|", 1), kinds, DATEFORMAT="auto", TIMEFORMAT="auto") == expected
    days = read(tmp_path, "01/02/1970\n3-Jan-1970\n19700104\n", (t.DATE,), DATEFORMAT="auto")
    assert days == [(1,), (2,), (3,)]
    assert read(tmp_path, "02.01.1970\n", (t.DATE,), DATEFORMAT="DD.MM.YYYY") == [(1,)]
    assert read(tmp_path, "5\n", (t.TIMESTAMP,), TIMEFORMAT="epochsecs") == [(5_000_000,)]
    assert read(tmp_path, "1970-01-02 10:00\n", (t.DATE,)) == [(1,)]


def test_one_column_of_text_may_have_empty_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "a\n\nb\n", (t.varchar(5),)) == [("a",), ("",), ("b",)]


def test_gzip(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"1|a|1\n"), GZIP=True) == [(1, "a", 100)]
    with pytest.raises(errors.LoadError, match="compressed with gzip") as caught:
        read(tmp_path, gzip.compress(b"1|a|1\n"))
    assert "GZIP" in str(caught.value.hint)
    with pytest.raises(errors.FileError, match=r"in\.txt"):
        read(tmp_path, gzip.compress(b"1|a|1\n" * 1000)[:-20], GZIP=True)
    with pytest.raises(errors.FileError, match=r"in\.txt"):
        read(tmp_path, "1|a|1\n", GZIP=True)


def test_headers_of_several_lines(tmp_path: Path) -> None:
    for chunk_bytes in (1, 3, 1000):
        assert read(tmp_path, "x\ny\n1|a|1\n", chunk_bytes=chunk_bytes, IGNOREHEADER=2) == [(1, "a", 100)]
    assert read(tmp_path, "x\n", IGNOREHEADER=2) == []


def test_progress_counts_the_bytes_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1|a|1\n" * 100)
    source = TextSource(list_files(str(tmp_path / "in.txt")), "delimited", {}, 64)
    told: list[int] = []
    for part in source.parts:
        list(source.read(part, columns(*ABC), told.append))
    assert sum(told) == source.total_bytes == 600 and len(told) > 5


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        ("x|a|1", "a", "x", "Invalid digit, Value 'x', Pos 0, Type: Integer"),
        ("12x|a|1", "a", "12x", "Invalid digit, Value 'x', Pos 2, Type: Integer"),
        ("1.5|a|1", "a", "1.5", "Invalid digit, Value '.', Pos 1, Type: Integer"),
        ("0x1F|a|1", "a", "0x1F", "Invalid digit, Value 'x', Pos 1, Type: Integer"),
        ("2147483648|a|1", "a", "2147483648", "Overflow, Value '2147483648', Type: Integer"),
        ("1|abcdef|1", "b", "abcdef", "String length exceeds DDL length"),
        ("1|abcdé|1", "b", "abcdé", "String length exceeds DDL length"),
        ("1|a|1,5", "c", "1,5", "Invalid digit, Value ',', Pos 1, Type: Decimal"),
        ("1|a|12345", "c", "12345", "Overflow, Value '12345', Type: numeric(6,2)"),
        ("1", "b", None, "Delimiter not found"),
        ("1|a", "c", None, "Delimiter not found"),
        ("1|a|1|2", None, "2", "Extra column(s) found"),
        ("1|a|1||", None, "", "Extra column(s) found"),
        ("", "b", None, "Delimiter not found"),
    ],
)
def test_a_broken_row_is_named(
    tmp_path: Path, line: str, column: str | None, value: str | None, reason: str
) -> None:
    error = refusal(tmp_path, f"1|a|1\n2|b|2\n{line}\n4|d|4\n")
    found = error.rejection
    assert (found.line, found.column, found.raw_value, found.reason) == (3, column, value, reason)
    assert found.raw_line == line
    assert "line 3" in error.message and reason in error.message
    assert column is None or f'column "{column}"' in error.message


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (t.SMALLINT, "40000", "Overflow, Value '40000', Type: Short"),
        (t.BIGINT, "9" * 50, f"Overflow, Value '{'9' * 50}', Type: Long"),
        (t.DOUBLE, "1e999", "Overflow, Value '1e999', Type: Double"),
        (t.REAL, "1e39", "Overflow, Value '1e39', Type: Float"),
        (t.DOUBLE, "abc", "Invalid digit, Value 'a', Pos 0, Type: Double"),
        (t.BOOLEAN, "maybe", "Unknown boolean format, Value 'maybe'"),
        (t.DATE, "2001-1", "Invalid Date Format - length must be 10 or more"),
        (t.DATE, "2001-02-30", "Invalid date format or value [YYYY-MM-DD]"),
        (t.TIMESTAMP, "2001-02-03 25:00:00", "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        (t.TIME, "25:00:00", "Invalid time format or value [HH24:MI:SS]"),
        (t.char(2), "abc", "String length exceeds DDL length"),
    ],
)
def test_reasons_by_type(tmp_path: Path, kind: t.SqlType, text: str, reason: str) -> None:
    assert refusal(tmp_path, f"{text}\n", (kind,)).rejection.reason == reason


def test_not_null(tmp_path: Path) -> None:
    for text in ("1|a|1\n|b|1\n", "1|a|1\n\\N|b|1\n"):
        found = refusal(tmp_path, text, not_null=(0,)).rejection
        assert (found.line, found.column, found.reason) == (2, "a", "Missing data for not-null field")
    assert read(tmp_path, "1||1\n", not_null=(1,)) == [(1, "", 100)]


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    found = refusal(tmp_path, b"1|a|1\n2|\xe9x|1\n").rejection
    assert (found.line, found.column) == (2, "b")
    assert found.reason.startswith("String contains invalid or unsupported UTF8 codepoints.") and "e9" in found.reason


def test_quotes_that_do_not_end(tmp_path: Path) -> None:
    found = refusal(tmp_path, '1,a,1\n2,"b,1\n3,c,1\n', format="csv").rejection
    assert (found.line, found.reason) == (2, "Delimited value missing end quote")
    found = refusal(tmp_path, '1,"a"x,1\n', format="csv").rejection
    assert found.reason == "Invalid quote formatting for CSV"
    found = refusal(tmp_path, "1|'a|1\n", REMOVEQUOTES=True).rejection
    assert found.reason == "Delimited value missing end quote"


def test_lines_are_counted_over_chunks_headers_and_line_ends_in_fields(tmp_path: Path) -> None:
    text = "head\n" + "1,a,1\n" * 50 + '2,"b\n\nc",2\n' + "x,d,3\n"
    for chunk_bytes in (7, 100, 10_000):
        found = refusal(tmp_path, text, format="csv", chunk_bytes=chunk_bytes, IGNOREHEADER=1).rejection
        assert (found.line, found.raw_value) == (55, "x")


def test_a_record_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.storage.formats.chunks.MAX_RECORD_BYTES", 100)
    with pytest.raises(errors.LoadError, match="line 2: no end of the record"):
        read(tmp_path, "1|a|1\n" + "x" * 1000, chunk_bytes=50)


@pytest.mark.parametrize(
    ("format", "options", "error"),
    [
        ("delimited", {"MAXERROR": 10}, errors.NotSupportedError),
        ("delimited", {"FIXEDWIDTH": "a:1"}, errors.NotSupportedError),
        ("delimited", {"DELIMITER": "||"}, errors.ProgrammingError),
        ("delimited", {"DELIMITER": "é"}, errors.ProgrammingError),
        ("delimited", {"DELIMITER": "\n"}, errors.ProgrammingError),
        ("delimited", {"QUOTE": "'"}, errors.ProgrammingError),
        ("csv", {"QUOTE": "''"}, errors.ProgrammingError),
        ("csv", {"QUOTE": ","}, errors.ProgrammingError),
        ("csv", {"ESCAPE": True}, errors.ProgrammingError),
        ("csv", {"REMOVEQUOTES": True}, errors.ProgrammingError),
        ("csv", {"IGNOREHEADER": -1}, errors.ProgrammingError),
        ("csv", {"NULL": "a\nb"}, errors.ProgrammingError),
        ("csv", {"DATEFORMAT": "hello"}, errors.ProgrammingError),
        ("csv", {"DATEFORMAT": "DD DD"}, errors.ProgrammingError),
    ],
)
def test_options_that_cannot_be(
    tmp_path: Path, format: str, options: dict[str, Any], error: type[errors.Error]
) -> None:
    with pytest.raises(error):
        read(tmp_path, "1|a|1\n", format=format, **options)


def test_a_long_chunk_is_halved_on_the_way_to_the_broken_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.storage.formats.text.STRICT_BYTES", 100)
    taken: list[int] = []
    parse = StrictParser.parse

    def counting(self: StrictParser, chunk: Chunk) -> Any:
        taken.append(len(chunk.data))
        return parse(self, chunk)

    monkeypatch.setattr(StrictParser, "parse", counting)
    good = '1,"a\nb",1\n'
    assert len(read(tmp_path, good * 500 + "1, x,1e2\n" + good * 500, format="csv")) == 1001
    found = refusal(tmp_path, good * 700 + "x,c,1\n" + good * 500, format="csv").rejection
    assert (found.line, found.raw_value) == (1401, "x")
    assert max(taken, default=0) <= 200


# -- fast and strict agree -------------------------------------------------------------------------

FIELD = s.sampled_from([
    "", "1", "-7", "+3", " 4", "5 ", "0x1", "1.5", "1.555", "1e3", "99999999999", "abc", "abcdef", "é", '"', '"a"',
    '"a""b"', '"a,b|c"', '""', "'x'", "\\N", "\\", "a\\|b", "2020-02-29", "2020-2-3", "2021-02-29", "t", "yes",
    "nan", " ", "\r", "NULL", '"\n"', "1_000", "１", "1,5", "0.1e-1", "--1", "2020-01-01 10:00:00", "10:00:00",
    "2020-01-01 10", "2020-01-01T1", "nan(5)", "\xa0", "\x1f", "\u2028 ",
])  # fmt: skip
KINDS = s.sampled_from([
    t.SMALLINT, t.BIGINT, t.decimal(5, 1), t.decimal(38, 0), t.DOUBLE, t.REAL, t.BOOLEAN, t.varchar(4), t.char(3),
    t.DATE, t.TIMESTAMP, t.TIMESTAMPTZ, t.TIME, t.SUPER,
])  # fmt: skip
OPTIONS = s.sampled_from([
    ("delimited", {}), ("delimited", {"ESCAPE": True}), ("delimited", {"REMOVEQUOTES": True}),
    ("delimited", {"EMPTYASNULL": True, "BLANKSASNULL": True, "TRIMBLANKS": True}), ("delimited", {"NULL": "NULL"}),
    ("delimited", {"IGNOREBLANKLINES": True}), ("csv", {}), ("csv", {"NULL": "NULL", "EMPTYASNULL": True}),
])  # fmt: skip


@given(s.lists(KINDS, min_size=1, max_size=3), OPTIONS, s.data())
def test_what_the_fast_path_reads_the_strict_one_reads_too(
    kinds: list[t.SqlType], how: tuple[str, dict[str, Any]], data: s.DataObject
) -> None:
    options = text_options(*how)
    lines = data.draw(s.lists(s.lists(FIELD, min_size=len(kinds), max_size=len(kinds)), min_size=1, max_size=3))
    end = data.draw(s.sampled_from(["\n", "\r\n", f"{options.delimiter}\n"]))
    text = "".join(options.delimiter.join(line) + end for line in lines).encode()
    wanted = columns(*kinds)
    table = FastParser(wanted, options).parse(Chunk(text, 1))
    if table is not None:
        strict = StrictParser("f", wanted, options).parse(Chunk(text, 1))
        assert str(to_rows(table.to_batches(), wanted)) == str(to_rows([strict], wanted))


@pytest.mark.parametrize(("kind", "text", "options"), [
    (t.varchar(4), "\xa0\n\x1f\n \t\n", {"BLANKSASNULL": True}), (t.SUPER, "\xa0\n", {}),
    (t.DOUBLE, "nan(5)\n1\n", {}),
    (t.TIMESTAMP, "2020-01-01 10\n2020-01-01T07\n2020-01-01 7\n", {}), (t.DATE, "\xa0\n", {"DATEFORMAT": "DD.MM.YYYY"}),
    (t.TIMESTAMP, "2020-01-01 10\n2020-01-01T07\n", {}),
])  # fmt: skip
def test_what_python_and_arrow_see_differently(
    tmp_path: Path, kind: t.SqlType, text: str, options: dict[str, Any]
) -> None:
    wanted, asked, made = columns(kind), text_options("delimited", options), Chunk(text.encode(), 1)
    own = PartFindings(None)
    strict = to_rows([StrictParser("x", wanted, asked, own).parse(made)], wanted)
    fast = FastParser(wanted, asked).parse(made)
    assert fast is None or (to_rows(fast.to_batches(), wanted) == strict and not own.take().rejections)


@pytest.mark.parametrize("text", ["1|a|1.5\n2|b|\n", "1|a|1.5|\n", "1|\\N|1\r\n"])
def test_well_formed_text_takes_the_fast_path(text: str) -> None:
    assert FastParser(columns(*ABC), text_options("delimited", {})).parse(Chunk(text.encode(), 1)) is not None


def test_well_formed_csv_takes_the_fast_path() -> None:
    text = b'1,"a""b",1.5\r\n2,"x\ny",2\n"3","",""\n4,,\n'
    table = FastParser(columns(*ABC), text_options("csv", {})).parse(Chunk(text, 1))
    assert table is not None and table.num_rows == 4


# -- the fast path's ways round backslashes, quotes and formats of dates -------------------------------


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1|a\\|b|1\n2|c\\\\d|1\n3|\\N|\\N\n4|x\\\ny|1\n5|\\\\N|1\n6|a\\N|1\n", {"ESCAPE": True}),
        ("1|\\a\\|\\||1|\n2|\\\\\\||1|\n", {"ESCAPE": True}),
        ("1|\\N|1\n2|\\||1\n", {"ESCAPE": True, "NULL": "|"}),
        ('1|"a|b"|1\n2|"c"|"2"\n4|""|""\n', {"REMOVEQUOTES": True}),
        ("1|it's|1\n2|x|1\n", {"REMOVEQUOTES": True}),
    ],
)
def test_the_fast_path_alone_agrees(text: str, options: dict[str, Any]) -> None:
    made = Chunk(text.encode(), 1)
    wanted, asked = columns(*ABC), text_options("delimited", options)
    expected = to_rows([StrictParser("x", wanted, asked).parse(made)], wanted)
    table = FastParser(wanted, asked).parse(made)
    assert table is not None
    assert to_rows(table.to_batches(), wanted) == expected


@pytest.mark.parametrize(
    ("kind", "texts", "options"),
    [
        (t.DATE, ["31.01.2024", "", "01.02.2024", "31.01.2024"], {"DATEFORMAT": "DD.MM.YYYY"}),
        (t.TIMESTAMP, ["31.01.2024 10:20", "01.02.2024 00:01"], {"TIMEFORMAT": "DD.MM.YYYY HH:MI"}),
        (t.TIMESTAMP, ["1700000000", "-5", "", "\\N"], {"TIMEFORMAT": "epochsecs"}),
        (t.TIMESTAMPTZ, ["1700000000123"], {"TIMEFORMAT": "epochmillisecs"}),
    ],
)
def test_formats_of_dates_on_the_fast_path(kind: t.SqlType, texts: list[str], options: dict[str, str]) -> None:
    made = Chunk("".join(f"1|{text}\n" for text in texts).encode(), 1)
    wanted, asked = columns(t.INTEGER, kind), text_options("delimited", options)
    expected = to_rows([StrictParser("x", wanted, asked).parse(made)], wanted)
    table = FastParser(wanted, asked).parse(made)
    assert table is not None and to_rows(table.to_batches(), wanted) == expected
    bad = Chunk(b"1|nonsense\n", 1)
    assert FastParser(wanted, asked).parse(bad) is None
    assert FastParser(columns(t.INTEGER, kind, not_null=(1,)), asked).parse(Chunk(b"1|\n", 1)) is None
