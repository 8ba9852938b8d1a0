"""JSON documents: where they begin and end, how they become rows, and what is said of those that do not."""
from __future__ import annotations

import bz2
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse import errors
from warehouse.storage import types as t
from warehouse.storage.arrow import from_arrow
from warehouse.storage.formats import open_source
from warehouse.storage.formats.json import Documents
from warehouse.storage.formats.rejected import Findings, RejectedRow, Rejection
from warehouse.storage.schema import Column

AB = (("a", t.INTEGER), ("b", t.varchar(40)))


class Kept(Findings):
    def __init__(self) -> None:
        self.found: list[Rejection] = []

    def rejected(self, rejection: Rejection) -> None:
        self.found.append(rejection)


def columns(kinds: Any = AB) -> tuple[Column, ...]:
    return tuple(Column(i, name, kind) for i, (name, kind) in enumerate(kinds))


def read(
    tmp_path: Path, text: str | bytes, argument: str = "auto", kinds: Any = AB, findings: Any = None, **options: Any
) -> Any:
    path = tmp_path / "in.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = open_source(str(path), "json", {"JSON": argument, **options})
    wanted, found = columns(kinds), []
    for part in source.parts:
        for batch in source.read(part, wanted, None, findings):
            found += zip(*(from_arrow(a, c.type, c.name).to_list() for a, c in zip(batch.columns, wanted)))
    return found


def test_documents_stand_one_after_the_other(tmp_path: Path) -> None:
    text = '\ufeff {"a": 1, "b": "x"}{"b":\n "y\\n", "c": [1], "a": "2"}\n\n{"a": null}'
    assert read(tmp_path, text) == [(1, "x"), (2, "y\n"), (None, None)]
    assert read(tmp_path, "") == read(tmp_path, " \n") == []


def test_names_match_by_case_or_not(tmp_path: Path) -> None:
    assert read(tmp_path, '{"A": 1, "b": "x"}') == [(None, "x")]
    assert read(tmp_path, '{"A": 1, "B": "x"}', "auto ignorecase") == [(1, "x")]


def test_values_become_text_as_they_are_written(tmp_path: Path) -> None:
    text = '{"a": 7, "b": 1.10} {"b": true} {"b": {"k": [1, null, "é"]}} {"b": ""} {"a": ""} {"b": "\\\\N"}'
    assert [b for _, b in read(tmp_path, text)] == ["1.10", "true", '{"k":[1,null,"é"]}', "", None, "\\N"]
    assert read(tmp_path, '{"b": ""}', EMPTYASNULL=True) == [(None, None)]


def test_into_super_everything_stays_what_it_is(tmp_path: Path) -> None:
    text = '{"v": "1"} {"v": 1.50} {"v": [true, {"x": null}]} {"v": null}'
    assert read(tmp_path, text, kinds=(("v", t.SUPER),)) == [('"1"',), ("1.50",), ('[true,{"x":null}]',), (None,)]
    assert read(tmp_path, '{"a": 1} [2]', "noshred", kinds=(("v", t.SUPER),)) == [('{"a":1}',), ("[2]",)]
    with pytest.raises(errors.ProgrammingError, match="SUPER"):
        read(tmp_path, "{}", "noshred")


@pytest.mark.parametrize(
    ("paths", "document", "expected"),
    [
        (["$.x", "$.y[1].z"], '{"x": 1, "y": [0, {"z": "deep"}]}', (1, "deep")),
        (["$['x y']", "$['a']['b']"], '{"x y": 1, "a": {"b": "c"}}', (1, "c")),
        (["$[1]", "$[0]"], '["t", 5]', (5, "t")),
        (["$.x", "$.no.such"], '{"x": 1, "no": null}', (1, None)),
        (["$.x", "$.y"], '{"x": 1, "y": {"k": 2}}', (1, '{"k":2}')),
    ],
)
def test_paths(tmp_path: Path, paths: list[str], document: str, expected: tuple[Any, ...]) -> None:
    (tmp_path / "paths").write_text(json.dumps({"jsonpaths": paths}))
    assert read(tmp_path, document, str(tmp_path / "paths")) == [expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"jsonpaths": ["$.a", "$.*"]}', "Invalid JSONPath format"),
        ('{"jsonpaths": ["$.a", "$..b"]}', "Invalid JSONPath format"),
        ('{"jsonpaths": ["$.a", "$[\'b\']"]}', "mixes notations"),
        ('{"jsonpaths": ["$.a"]}', "should match. JSONPath size: 1, .*: 2"),
        ('{"jsonpaths": ["$.a", ""]}', "none empty"),
        ('{"jsonpaths": 1}', "array of texts"),
        ("[1]", "one object"),
        ('{"jsonpaths": []} {}', "malformed"),
    ],
)
def test_a_wrong_paths_file(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "paths").write_text(content)
    with pytest.raises(errors.LoadError, match=message):
        read(tmp_path, "{}", str(tmp_path / "paths"))


def test_a_paths_file_of_something_else_means_auto(tmp_path: Path) -> None:
    (tmp_path / "paths").write_text('{"jsonpath": ["$.b"]}')
    assert read(tmp_path, '{"a": 1}', str(tmp_path / "paths")) == [(1, None)]
    with pytest.raises(errors.FileMissing):
        read(tmp_path, '{"a": 1}', str(tmp_path / "nothing"))


def test_what_is_no_document_is_rejected_and_passed_over(tmp_path: Path) -> None:
    text = 'junk {"a": 1}\n{"a": 2,}\n{"a": 3}\n,{"a": NaN}\n{"a": "x"}\n[1]\n{"a": 4}\n{"a":'
    kept = Kept()
    assert [a for a, _ in read(tmp_path, text, findings=kept)] == [1, 3, 4]
    assert [(r.line, r.code) for r in kept.found] == [
        (1, 1216), (2, 1216), (4, 1216), (4, 1216), (5, 1207), (6, 1216), (8, 1216),
    ]  # fmt: skip
    with pytest.raises(RejectedRow, match="line 1"):
        read(tmp_path, text)


def test_the_line_is_the_documents_last(tmp_path: Path) -> None:
    kept = Kept()
    read(tmp_path, '{\n"a": 1\n}\n{\n"a":\n"x"\n}\n', findings=kept)
    assert [r.line for r in kept.found] == [7]


def test_compressed_encoded_and_with_header(tmp_path: Path) -> None:
    assert read(tmp_path, bz2.compress(b'h\n{"a": 1}'), BZIP2=True, IGNOREHEADER=1) == [(1, None)]
    assert read(tmp_path, '{"a": 1, "b": "é"}'.encode("utf-16"), ENCODING="UTF16") == [(1, "é")]


def test_invalid_characters(tmp_path: Path) -> None:
    text = b'{"a": 1, "b": "x\xff\xe9y"}'
    with pytest.raises(RejectedRow, match="UTF8"):
        read(tmp_path, text)
    assert read(tmp_path, text, ACCEPTINVCHARS="?") == [(1, "x??y")]


@pytest.mark.parametrize("option", ["DELIMITER", "NULL", "ESCAPE", "FILLRECORD", "REMOVEQUOTES", "IGNOREBLANKLINES"])
def test_options_of_text_are_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(errors.ProgrammingError, match=f"{option} cannot be used with JSON"):
        read(tmp_path, "{}", **{option: True})


class Slow:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size, self._at = data, size, 0

    def read(self, size: int) -> bytes:
        self._at += self._size
        return self._data[self._at - self._size : self._at]


_text = s.text(max_size=4)
_scalars = s.none() | s.booleans() | s.integers() | _text
_values = _scalars | s.lists(_scalars, max_size=2) | s.dictionaries(_text, _scalars, max_size=2)
_documents = s.lists(s.lists(_values, max_size=3) | s.dictionaries(_text, _values, max_size=3), max_size=4)


@settings(max_examples=15)
@given(documents=_documents, size=s.integers(1, 30), ascii=s.booleans())
def test_however_they_are_read(documents: list[Any], size: int, ascii: bool) -> None:
    text = "\n".join(json.dumps(d, ensure_ascii=ascii) for d in documents)
    data = text.encode(errors="surrogatepass") if ascii else text.encode(errors="replace")
    found = list(Documents(Slow(data, size)))
    assert [f.problem for f in found] == [None] * len(documents)
    assert "\n".join(f.text for f in found).encode(errors="surrogateescape") == data
