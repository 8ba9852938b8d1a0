"""How JSON documents and Avro records become rows: by names of columns, or by the paths of a JSONPaths file.

    'auto'               {"catid": 1, "catname": "MLB"}      keys that are columns' names; other keys are ignored
    'auto ignorecase'    {"CatID": 1}                        ... whatever their case
    's3://b/paths.json'  {"jsonpaths": ["$['id']", "$['store']['book'][0]"]}     one path a column, in order
    'noshred'            the whole document into one SUPER column

A mapping takes a document and gives one value a column, None for what is not there. Paths use brackets or dots, not
both (copy-usage_notes-copy-from-json in the manual).
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from ... import errors
from ...records import dataclass
from ..objects.registry import Objects
from ..schema import Column
from .json_tree import Path, has_tree
from .listing import SourceFile, one_file
from .rejected import BAD_LINE
from .values import BadValue

AUTO, IGNORECASE, NOSHRED = "auto", "auto ignorecase", "noshred"

_BRACKETS = re.compile(r"\$((?:\['(?:[^'\\]|\\.)*'\]|\[\d+\])+)")
_DOTS = re.compile(r"\$((?:\.[^.\[\]'*]+|\[\d+\])+)")
_STEP = re.compile(r"\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]|\.([^.\[\]']+)")
_MAX_PATHS_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Mapping:
    """`values`: a document to the values of the columns; BadValue where it has none. `paths`: where the kernel can
    follow them (json_tree.py), the columns' paths; `fold`: keys are in lower case, and in the documents in any.
    `whole`: the one column is the document."""

    values: Callable[[Any], list[Any]]
    paths: tuple[Path, ...] | None = None
    fold: bool = False
    whole: bool = False

    @property
    def exact_keys(self) -> tuple[str, ...] | None:
        """The keys where each column is nothing but the value of a key, as it is written here."""
        if self.paths is None or self.fold or self.whole:
            return None
        keys = tuple(path[0] for path in self.paths if len(path) == 1 and isinstance(path[0], str))
        return keys if len(keys) == len(self.paths) else None


def mapping(argument: str, objects: Objects, columns: tuple[Column, ...]) -> Mapping:
    """What JSON or AVRO's argument means for these columns. Raises for a JSONPaths file that cannot be used."""
    if argument == IGNORECASE:
        return Mapping(_by_name(columns, fold=True), _followed([(c.name.lower(),) for c in columns]), fold=True)
    if argument == NOSHRED:
        return Mapping(_whole(columns), (("",),), whole=True)
    paths = None if argument == AUTO else _read(one_file(argument.strip(), objects))
    if paths is None:
        return Mapping(_by_name(columns), _followed([(column.name,) for column in columns]))
    if len(paths) != len(columns):
        raise errors.LoadError(
            "Number of jsonpaths and the number of columns should match. "
            f"JSONPath size: {len(paths)}, Number of columns in table or column list: {len(columns)}"
        )
    return Mapping(lambda document: [_follow(document, path) for path in paths], _followed(paths))


def _followed(paths: Sequence[Path]) -> tuple[Path, ...] | None:
    """The paths, if the kernel can follow them."""
    return tuple(paths) if paths and has_tree(paths) else None


def _by_name(columns: tuple[Column, ...], fold: bool = False) -> Callable[[Any], list[Any]]:
    names = [column.name.lower() if fold else column.name for column in columns]

    def values(document: Any) -> list[Any]:
        if not isinstance(document, dict):
            raise BadValue(BAD_LINE, "Invalid value: an object is needed; arrays need a JSONPaths file")
        if fold:
            document = {key.lower(): value for key, value in document.items()}
        return [document.get(name) for name in names]

    return values


def _whole(columns: tuple[Column, ...]) -> Callable[[Any], list[Any]]:
    if len(columns) != 1 or not columns[0].type.is_super:
        raise errors.ProgrammingError("JSON 'noshred' loads whole documents into exactly one column of type SUPER")
    return lambda document: [document]


def _follow(document: Any, path: Path) -> Any:
    """What is at a path. An element that is not there is an error, a member that is not there NULL."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                raise BadValue(BAD_LINE, "Invalid JSONPath format: Not an array or index out of range.")
            document = document[step]
        elif document is None:
            return None
        elif isinstance(document, dict):
            document = document.get(step)
        else:
            raise BadValue(BAD_LINE, "Invalid JSONPath format: Member is not an object.")
    return document


def _read(file: SourceFile) -> Sequence[Path] | None:
    """The paths of a JSONPaths file; None when it holds something else, so that 'auto' is meant."""
    if file.bytes > _MAX_PATHS_BYTES:
        raise errors.LoadError(f'JSONPaths file "{file.path}" is larger than {_MAX_PATHS_BYTES} bytes')
    try:
        document = json.loads(file.objects.read(file.path))
    except (ValueError, RecursionError) as error:
        raise errors.LoadError(f'JSONPaths file "{file.path}" is malformed: {error}') from error
    if not isinstance(document, dict):
        raise errors.LoadError(f'JSONPaths file "{file.path}" must hold one object')
    if "jsonpaths" not in document:
        return None
    paths = document["jsonpaths"]
    if not isinstance(paths, list) or not all(isinstance(p, str) and p for p in paths):
        raise errors.LoadError(f'JSONPaths file "{file.path}": "jsonpaths" must be an array of texts, none empty')
    found = [_parse(text) for text in paths]
    if None in found:
        raise errors.LoadError(
            f"Invalid JSONPath format: {paths[found.index(None)]}",
            detail="Supported notations are dots, $.store.book[0], and brackets, $['store']['book'][0].",
        )
    if _mixed(paths):
        raise errors.LoadError(f'JSONPaths file "{file.path}" mixes notations with dots and with brackets')
    return [path for path in found if path is not None]


def _parse(text: str) -> Path | None:
    if not (_BRACKETS.fullmatch(text) or _DOTS.fullmatch(text)):
        return None
    steps: list[str | int] = []
    for quoted, index, dotted in _STEP.findall(text):
        steps.append(int(index) if index else dotted or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(steps)


def _mixed(paths: Sequence[str]) -> bool:
    return any("['" in path for path in paths) and any(path.startswith("$.") for path in paths)
