"""Plans kept on disk, so that a new process need not plan again what the one before it planned.

    <cache folder>/plans-<digest>.plan      one plan each, named by all that is known before it is read:

        text's shape, types of parameters, user, search path, settings     plan_cache.py's key
        users, rights and whatever else the catalogue's facts say          by value
        database's folder, topology, the planner's sources, Python         code_digest

    | magic 8 bytes | crc32 u32 | pickles: names that were asked for, relations, states of tables' rows, Entry |

Planning is most of what a query's first run in a process costs beyond its later ones: Python code that has not run
yet takes three times as long as it will. A plan is taken only if planning would make the same one again: every name
that was asked for while it was made means the very same (tables and views are compared whole, not by number, so that
a folder whose catalogue was put back cannot bring a plan of another one), and tables have the same extents and
statistics. Then its literals are looked at as the cache in memory does.

The files are ours alone: they lie beside the kernel pack, in the user's cache folder, never in a database's, which
may come from somebody else. Only plans of tables in the catalogue are kept: none of system tables, external tables or
temporary ones. Writing one takes as long as planning a small query, so they wait until the session ends or nothing
runs (engine/maintenance/worker.py). They are written whole, under another name first: a process that is killed, or two
that write the same, leave a file that is right or none.
"""
from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import sys
import threading
import time
import zlib
from collections.abc import Callable, Hashable
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import sqlglot

from ..kernels import packfile
from ..kernels.registry import IMPORTED_AT
from ..storage.access.facts import Facts
from ..storage.schema import CatalogView, Table, TableData, View
from .physical import VirtualTableScan
from .plan_cache import Entry

_MAGIC = b"WHPLAN01"
KEPT = 500  # files; the oldest go first
_WAITING = 200  # plans that wait to be written, at most: more would be the end of a session that nobody waits for
_RELATIONS = 100  # whose bytes are remembered
_MOST_FACTS = 5_000  # looked at for each plan
_PACKAGE = Path(__file__).parent.parent
# What decides how a text is planned: sources below these folders, or in them.
_DEEP = ("planner", "engine/functions", "storage/access", "storage/catalog")
_FLAT = ("", "storage", "engine", "engine/handlers")
_ROOT = __name__.partition(".")[0] + "."
_OTHERS = frozenset({("decimal", "Decimal"), ("datetime", "date"), ("datetime", "datetime"), ("builtins", "frozenset")})


class NotKept(Exception):
    """A plan holds what means nothing to another process."""


class Shelf:
    """The kept plans of one database folder. One thread at a time, as its session; `save` beside it."""

    def __init__(self, database: Path) -> None:
        self._database = os.path.realpath(database)
        self._waiting: dict[str, tuple[Entry, list[TableData]]] = {}
        self._lock = threading.Lock()  # of what waits
        self._facts: tuple[Facts, str] | None = None
        self._states: dict[int, tuple[TableData, str]] = {}  # of tables' rows, as they were last looked at
        self._relations: dict[int, tuple[Table | View, bytes]] = {}  # by id, as they are written

    def place(self, key: Hashable, view: CatalogView) -> str | None:
        """The file of a key; None: nothing can be kept for it."""
        code = code_digest()
        if code is None or len(view.facts.rows) > _MOST_FACTS:
            return None
        if self._facts is None or self._facts[0] is not view.facts:
            self._facts = view.facts, _hash(repr(sorted(view.facts.rows.items())))
        nodes = repr(view.topology.node_of_slice)
        return f"plans-{_hash(code, self._database, self._facts[1], nodes, repr(key))}.plan"

    def find(self, place: str, view: CatalogView) -> Entry | None:
        """The plan that was kept there, if every name means what it meant."""
        try:
            with open(f"{_folder()}/{place}", "rb") as file:
                raw = file.read()
        except OSError:
            return None
        if raw[:8] != _MAGIC or zlib.crc32(raw[12:]).to_bytes(4, "little") != raw[8:12]:
            return None
        try:
            return _Reader(raw[12:], view, self._known_state).entry()
        except Exception:  # a file that is whole and still not a plan: whatever it is, the query is planned
            return None

    def put(self, place: str, view: CatalogView, entry: Entry) -> None:
        """Keep a plan that was made just now; it is written by `save`. Of too many the oldest is not."""
        data = [view.data(table) for table, *_ in entry.rows]
        with self._lock:
            if len(self._waiting) >= _WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[place] = entry, data

    def save(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Write what waits, the newest first, as long as `go_on`; for any thread, whatever the session does meanwhile.
        It is a cache: where it cannot be written there is none."""
        folder, wrote = _folder(), False
        with contextlib.suppress(OSError):
            while go_on():
                with self._lock:
                    if not self._waiting:
                        break
                    place, (entry, data) = self._waiting.popitem()
                try:
                    content = self._written(entry, data)
                except (NotKept, pickle.PicklingError, TypeError, AttributeError, RecursionError):
                    continue
                packfile.replace_file(folder / place, _MAGIC + zlib.crc32(content).to_bytes(4, "little") + content)
                wrote = True
        if wrote:
            with contextlib.suppress(OSError):
                _tidy(folder)

    def _written(self, entry: Entry, data: list[TableData]) -> bytes:
        file = io.BytesIO()
        entry.literals()  # what is written holds no trace of planning
        relations = [found for _, _, found in entry.names if found is not None]
        pickle.dump([(schema, name, found is not None) for schema, name, found in entry.names], file)
        for relation in relations:
            file.write(self._bytes_of(relation))
        states = [(table, self._known_state(each)) for (table, *_), each in zip(entry.rows, data, strict=True)]
        _Writer(file, relations).dump(states)
        _Writer(file, relations).dump(replace(entry, names=()))
        return file.getvalue()

    def _bytes_of(self, relation: Table | View) -> bytes:
        """A relation as it is written: nearly half of a plan's bytes, and the same in all plans that ask for it."""
        known = self._relations.get(id(relation))
        if known is None:
            file = io.BytesIO()
            _Whole(file, pickle.HIGHEST_PROTOCOL).dump(relation)
            if len(self._relations) >= _RELATIONS:
                self._relations.clear()
            known = self._relations[id(relation)] = relation, file.getvalue()
        return known[1]

    def _known_state(self, data: TableData) -> str:
        """`_state`, which goes through all that is known of a table's columns, once for the same rows."""
        known = self._states.get(data.table.id)
        if known is None or known[0] is not data:
            known = self._states[data.table.id] = data, _state(data)
        return known[1]


@cache
def code_digest() -> str | None:
    """Digest of what plans queries: sources by their sizes and times of change, as Python's own compiled files know
    them. None where they are not known, or may be others than this process has imported."""
    found: list[tuple[str, int, int, int]] = []
    try:
        for folder in _DEEP:
            _look(str(_PACKAGE / folder), True, found)
        for folder in _FLAT:
            _look(str(_PACKAGE / folder), False, found)
    except OSError:
        return None
    newest = max([max(changed, moved) for _, _, changed, moved in found], default=0)
    if not newest or newest > (IMPORTED_AT - 2.0) * 1e9:  # file systems' clocks have ticks
        return None
    return _hash(repr(found), sqlglot.__version__, sys.version)


def _look(folder: str, deep: bool, found: list[tuple[str, int, int, int]]) -> None:
    """Sources in a folder: name, size, when it was changed, when it came there."""
    with os.scandir(folder) as entries:
        for each in entries:
            name = each.name
            if name.endswith(".py"):
                s = each.stat()
                found.append((name, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
            elif deep and "." not in name and name != "__pycache__":
                _look(each.path, True, found)


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


# -- files --------------------------------------------------------------------------------------------


def _folder() -> Path:
    return packfile.folder()


def _tidy(folder: Path) -> None:
    """Drop the oldest beyond KEPT, and what a killed process has left unfinished."""
    with os.scandir(folder) as entries:
        every = [(e.stat().st_mtime, e.path) for e in entries if e.name.startswith("plans-")]
    whole = sorted(each for each in every if each[1].endswith(".plan"))
    hour_ago = time.time() - 3600
    for _, path in whole[:-KEPT] + [e for e in every if not e[1].endswith(".plan") and e[0] < hour_ago]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


# -- plans as bytes -----------------------------------------------------------------------------------


class _Writer(pickle.Pickler):
    """Relations that were asked for become their numbers; records their class and values, which is quicker to read
    back than what pickle does with objects that cannot be changed."""

    def __init__(self, file: io.BytesIO, relations: list[Table | View]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = {id(each): i for i, each in enumerate(relations)}

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Table | VirtualTableScan):
            number = self._numbers.get(id(obj))
            if number is None or (isinstance(obj, Table) and obj.temporary):
                raise NotKept
            return _relation, (number,)
        return _parts(obj)


class _Whole(pickle.Pickler):
    """Of the relations themselves."""

    def reducer_override(self, obj: Any) -> Any:
        return _parts(obj)


def _state(data: TableData) -> str:
    """Another one where a table has other rows, or more is known of them."""
    extents = [(each.id, each.rows) for each in data.extents]
    deleted = [(group, vector.rows) for group, vector in data.deleted.items()]
    return _hash(repr((extents, deleted, data.replicated)), data.statistics.digest())


class _Reader:
    def __init__(self, content: bytes, view: CatalogView, state: Callable[[TableData], str]) -> None:
        self._file = io.BytesIO(content)
        self._view = view
        self._state = state

    def entry(self) -> Entry | None:
        """None if a name means something else now, or rows are others."""
        names: list[tuple[str | None, str, Table | View | None]] = []
        relations: list[Table | View] = []
        for schema, name, is_there in _Unpickler(self._file, ()).load():
            found = self._view.relation(schema, name)
            known = _Unpickler(self._file, ()).load() if is_there else None
            if found != known:
                return None
            names.append((schema, name, found))
            if found is not None:
                relations.append(found)
        states = _Unpickler(self._file, relations).load()
        if any(self._state(self._view.data(table)) != known for table, known in states):
            return None
        entry = _Unpickler(self._file, relations).load()
        if not isinstance(entry, Entry):
            return None
        return replace(entry, names=tuple(names))


class _Unpickler(pickle.Unpickler):
    """Makes objects of this package only."""

    def __init__(self, file: io.BytesIO, relations: Any) -> None:
        super().__init__(file)
        self._relations = relations

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name == "_relation":
            return self._relations.__getitem__
        found = super().find_class(module, name) if module.startswith(_ROOT) and "." not in name else None
        ours = found is _made or (isinstance(found, type) and found.__module__.startswith(_ROOT))
        if not ours and (module, name) not in _OTHERS:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a plan")
        return super().find_class(module, name) if found is None else found


def _relation(number: int) -> Table | View:
    """Stands in a pickle for the relation of that number."""
    raise AssertionError(f"relation {number} is one of a reader's")


def _parts(obj: Any) -> Any:
    kind: Any = type(obj)
    values_of = _values(kind)
    return NotImplemented if values_of is None else (_made, (kind, *values_of(obj)))


@cache
def _values(kind: type) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gives the values of a record; None for all that are none."""
    if "__dataclass_fields__" not in kind.__dict__ or "__slots__" not in kind.__dict__:
        return None
    names = [each.name for each in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda obj: tuple([getattr(obj, name) for name in names])


def _made(kind: type, *values: Any) -> Any:
    """A record as it was, frozen or not."""
    made: Any = object.__new__(kind)
    for put, value in zip(_setters(kind), values, strict=True):
        put(made, value)
    return made


@cache
def _setters(kind: Any) -> tuple[Callable[[Any, Any], None], ...]:
    return tuple([getattr(kind, each.name).__set__ for each in fields(kind)])
