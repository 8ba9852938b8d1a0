"""Errors as people read them: the caret stands under the place."""

from __future__ import annotations

from warehouse.client.repl import complaint
from warehouse.errors import InternalError, UndefinedColumn


def test_caret_detail_and_hint() -> None:
    error = UndefinedColumn('column "nmae" does not exist', position=16, detail="why", hint="try")
    assert list(complaint.lines(error, "select 1,\n     \tnmae from t")) == [
        'ERROR:  column "nmae" does not exist',
        "LINE 2:       nmae from t",
        "              ^",
        "DETAIL:  why",
        "HINT:  try",
    ]


def test_wide_characters_count_twice() -> None:
    line, caret = complaint.caret("select '日本', x", 13)
    assert line == "LINE 1: select '日本', x"
    assert caret.index("^") == len("LINE 1: select '") + 4 + len("', ")


def test_long_lines_are_cut_around_the_place() -> None:
    sql = "select " + "a, " * 200 + "here, " + "b, " * 200
    line, caret = complaint.caret(sql, sql.index("here"))
    assert len(line) < 140 and line[caret.index("^") :].startswith("here")


def test_no_position_and_positions_outside() -> None:
    assert list(complaint.lines(UndefinedColumn("x"), "select")) == ["ERROR:  x"]
    assert list(complaint.lines(UndefinedColumn("x", position=99), "select")) == ["ERROR:  x"]


def test_a_defect_says_so() -> None:
    assert any("report" in line for line in complaint.lines(InternalError("boom"), ""))
