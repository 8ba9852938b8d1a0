"""JSON lines: the native way loads what Python's way loads, and says the same of what it does not."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse.engine.handlers.copy_findings import Findings
from warehouse.storage.formats import document_rows, json_lines
from warehouse.storage.formats.json import JsonSource
from warehouse.storage.formats.json_lines import NONE, LineRows
from warehouse.storage.formats.listing import list_files
from warehouse.storage.schema import Column
from warehouse.storage.types import BOOLEAN, INTEGER, SUPER, decimal, varchar

COLUMNS = (
    Column(1, "a", INTEGER), Column(2, "é", varchar(8)), Column(3, "s", SUPER), Column(4, "b", BOOLEAN),
    Column(5, "d", decimal(8, 2)),
)  # fmt: skip
KEYS = ["a", "é", "s", "b", "d", "other", "\\u0061", "", "A", "É", "K"]
VALUES = [
    "1", "-0", "1.5", "-2.25e1", "01", "1.", ".5", "-", "NaN", "true", "false", "null", "nul", '"x"', '""', '"é中"',
    r'"a\tb\"c\\\/"', r'"\u00e9\u4e2d"', r'"\ud83d\ude00"', r'"\ud83d"', r'"a\nb"', r'"\u001f"', r'"\q"', '"a\x01b"',
    '"abcdefghij"', "[1, 2]", '{"x": {"y": "}"}}', "[1, 2", '{"x": 1, "x": 2}', "2147483648", r'"\u12"', '"unended',
    "[]", '[{}, [], [{"k": null, "l": [-1.5e3, true]}], ""]', '{"x" 1}', "[1,]", '{"x": 1,}', "[,1]", "[1 2]", '[01]',
    r'{"\u0061": "\q"}', r'{"\u0061": "\n"}', '{"x": nul}', "[}", '{"x": 1]', "[" * 61 + "]" * 61, "[" * 60 + "]" * 60,
]  # fmt: skip
PATHS = {
    "paths": ["$.d", "$.b", "$.s", "$.a", "$.é"],
    "nested": ["$.a.x", "$.é.l[1]", "$.s", "$.a.y.z", "$.é.l[3].k"],
    "list": ["$[1]", "$[3]", "$[0].x", "$[0].y[0]", "$[4]"],
}
NESTED = [
    '{"x": 1, "y": {"z": true}}', '{"y": null, "other": [{}]}', '{"l": [[], "p", {"k": 1}, {"k": 0.5}]}',
    '{"l": [1, "q", {"k": [1,]}, null]}', '{"l": [1, 2, 3, {}, 5], "l": []}', '{"l": [1, 2, 3 4]}', '{"x": 1, "y": 2}',
    '{"l": null}', '{"l": {}}', '{"y": {"z": 1, "z": 2}}', '{"y": {"z": {}}, "x": []}', '{"x": 1,',
    '{"l": [1, 2, 3, 4}',
    '{"x": -5 , "y" : {"z" : "f", "q": "\\ud83d"} }', '{"y": [0]}', '{"x": "7", "y": ["true", 1]}',
]  # fmt: skip
VALUES += NESTED
_objects = s.lists(s.tuples(s.sampled_from(KEYS), s.sampled_from(VALUES)), max_size=4).map(
    lambda pairs: "{" + ", ".join(f'"{key}" : {value}' for key, value in pairs) + "}"
)
_arrays = s.lists(s.sampled_from(VALUES), min_size=4, max_size=6).map(lambda values: "[" + ",".join(values) + "]")
_others = s.sampled_from(["", " ", "[1]", "{", "}", '{"a": 2}{"a": 3}', '{"a":\n4}', "\ufeff", "{}\r"])
_lines = s.lists(_objects | _arrays | _others, max_size=8)


def _read(path: Path, header: int = 0, paths: str = "auto") -> tuple[list[Any], list[Any]]:
    source = JsonSource(list_files(str(path)), {"JSON": paths, "IGNOREHEADER": header})
    findings, rows = Findings("t", None), []
    own = findings.of_part()
    columns = COLUMNS[2:3] if paths == "noshred" else COLUMNS
    for batch in source.read(source.parts[0], columns, None, own):
        rows += batch.to_pylist()
    findings.add(0, own.take())
    return rows, [(r.line, r.column, r.reason, r.raw_line) for _, r in findings.rejections]


@settings(max_examples=80)
@given(
    lines=_lines, header=s.sampled_from((0, 0, 1)), few=s.integers(1, 4), window=s.integers(1, 60),
    how=s.sampled_from(("auto", "paths", "nested", "list", "auto ignorecase", "noshred")),
)  # fmt: skip
def test_both_ways_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], header: int, few: int, window: int, how: str
) -> None:
    path, paths = tmp_path_factory.getbasetemp() / "lines.json", tmp_path_factory.getbasetemp() / "paths.txt"
    paths.write_text(json.dumps({"jsonpaths": PATHS.get(how, [])}))
    argument = str(paths) if how in PATHS else how
    path.write_text("\n".join(lines) or "\n", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "WINDOW_BYTES", window)
        patch.setattr(json_lines, "FEWEST_ROWS", few)
        patch.setattr(json_lines, "FEW_DOCUMENTS", few)
        native = _read(path, header, argument)
        patch.setattr(LineRows, "take", lambda self, lines, at, limit: NONE)
        assert native == _read(path, header, argument)


def test_lines_are_not_read_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"a": i, "é": f"x\t{i % 7}", "s": {"n": [i]}, "b": i % 2 == 0, "d": i / 4, "more": "\\", "x": {"y": [i, {}]}}
        for i in range(3000)
    ]
    (tmp_path / "x").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    monkeypatch.setattr(document_rows.DocumentRows, "add", lambda self, row: pytest.fail("read in Python"))
    found, wrong = _read(tmp_path / "x")
    assert wrong == [] and [row["0"] for row in found] == list(range(3000))
    assert found[5] == {"0": 5, "1": "x\t5", "2": '{"n":[5]}', "3": False, "4": pytest.approx(1.25)}


def test_keys_in_any_case_are_not_read_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text('{"A": 1, "S": {"Aa": 2}}\n{"a": 3, "D": 1.5}\n')
    monkeypatch.setattr(document_rows.DocumentRows, "add", lambda self, row: pytest.fail("read in Python"))
    found, wrong = _read(tmp_path / "x", 0, "auto ignorecase")
    assert wrong == [] and [row["0"] for row in found] == [1, 3] and found[0]["2"] == '{"Aa":2}'


def test_noshred_lines_are_not_read_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text('{"b": 1, "a": [2.50]}\n[1, {"x": null}]\n')
    monkeypatch.setattr(document_rows.DocumentRows, "add", lambda self, row: pytest.fail("read in Python"))
    found, wrong = _read(tmp_path / "x", 0, "noshred")
    assert wrong == [] and [row["0"] for row in found] == ['{"b":1,"a":[2.50]}', '[1,{"x":null}]']


@pytest.mark.parametrize("paths, text", [
    (["$.i.a", "$.i.t[1]", "$.s", "$.i.more.b", "$.i.t[0].d"],
     '{"s": [{}], "i": {"t": [{"d": 1.25, "e": []}, "x", 3], "more": {"b": true, "c": {}}, "a": 7}}\n{"s": 1, "i": '
     '{"a": 8, "t": [{}, null]}}\n'),
    (["$[0]", "$[1]['k']", "$[2]", "$[3]", "$[1]['l'][0]"],
     '[7, {"l": [1.25], "k": "x"}, [{}], true, 0]\n[8, {"l": [null]}, 1, null]\n'),
])  # fmt: skip
def test_what_nested_paths_lead_to_is_not_read_in_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], text: str
) -> None:
    (tmp_path / "paths").write_text(json.dumps({"jsonpaths": paths}))
    (tmp_path / "x").write_text(text)
    monkeypatch.setattr(document_rows.DocumentRows, "add", lambda self, row: pytest.fail("read in Python"))
    found, wrong = _read(tmp_path / "x", 0, str(tmp_path / "paths"))
    assert wrong == [] and [list(row.values()) for row in found] == [
        [7, "x", "[{}]", True, pytest.approx(1.25)], [8, None, "1", None, None],
    ]  # fmt: skip
