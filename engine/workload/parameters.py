"""Cluster parameters: where a database's wlm_json_configuration comes from, and how it changes; how many executors
concurrency scaling may use.

    connect(wlm_json_configuration=...)   JSON text, or the path of a file with it; for as long as the database is open
    ALTER SYSTEM SET ... TO '...'         kept in the folder's parameters.json: what it is opened with from then on
    neither                               automatic WLM with one queue, as Redshift's default parameter group

    { "wlm_json_configuration": [ {"query_group": ["report"], "query_concurrency": 4}, {} ] }

A change is applied to the open database where the manual calls its properties dynamic
(cm-c-wlm-dynamic-properties.md); else all of it waits until the database is opened anew. Other processes that have
the folder open, each a cluster of its own, keep theirs until then too.
"""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...errors import (
    FileError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    UndefinedObject,
)
from ...wlm.configuration import DEFAULT, DEFAULT_TEXT, Configuration
from ...wlm.scaling import MOST_EXECUTORS
from ...wlm.usage import Limit, parse_limits

if TYPE_CHECKING:
    from ..session import Session

WLM = "wlm_json_configuration"
CLUSTERS = "max_concurrency_scaling_clusters"
LIMITS = "usage_limits"
PARAMETERS = (WLM, CLUSTERS, LIMITS)
DEFAULT_CLUSTERS = 1
FILE = "parameters.json"
BROKEN = "F0000"  # the kept configuration is none: nothing runs by it
_given: WeakKeyDictionary[Any, Configuration] = WeakKeyDictionary()


def configured(database: Any) -> Configuration:
    """What the database is opened with."""
    given = _given.get(database)
    if given is not None:
        return given
    text = _stored(database.path).get(WLM)
    if text is None:
        return DEFAULT
    if text.lstrip().startswith("{"):
        text = f"[{text}]"  # a queue by itself, which once was taken for a list of one
    try:
        return _parsed(text)
    except ProgrammingError as e:
        raise OperationalError(f"{database.path / FILE}: {e.message}", hint=f"ALTER SYSTEM RESET {WLM} takes it away.",
                               sqlstate=BROKEN) from None


def open_with(session: Session, given: str) -> None:
    """connect()'s option: JSON, or a file's path. On a database that is open already it must be applicable."""
    from .manager import known, manager_of

    configuration = _parsed(_text(given))
    manager = manager_of(session) if session.database in _given else known(session.database)
    if manager is None:
        _given[session.database] = configuration
        return
    static = manager.reconfigure(configuration)
    if static:
        manager.pending = None
        raise InterfaceError(f"the database is open with another {WLM}, which differs in {', '.join(static)}",
                             hint="Close its other connections first.")  # fmt: skip


def scaling_clusters(database: Any) -> int:
    """How many concurrency scaling executors the database may use (r_max_concurrency_scaling_clusters.md)."""
    text = _stored(database.path).get(CLUSTERS)
    return DEFAULT_CLUSTERS if text is None else _clusters(text)


def change(session: Session, name: str, value: str | None) -> str | None:
    """ALTER SYSTEM SET, or RESET with None; a warning if the change has to wait."""
    if name not in PARAMETERS:
        hint = f"ALTER SYSTEM changes {', '.join(PARAMETERS)}."
        raise UndefinedObject(f'unrecognized configuration parameter "{name}"', hint=hint)
    session.database.check_writable()
    if name == WLM:
        return _change_wlm(session, value)
    if name == CLUSTERS:
        _change_clusters(session, value)
    else:
        _change_limits(session, value)
    return None


def _change_clusters(session: Session, value: str | None) -> None:
    from .manager import manager_of

    count = DEFAULT_CLUSTERS if value is None else _clusters(value)
    manager_of(session).scale(session.database, count, session.workers.threads)
    _store(session.database.path, CLUSTERS, value)


def usage_limits(database: Any) -> tuple[Limit, ...]:
    """Limits on the use of features (wlm/usage.py)."""
    text = _stored(database.path).get(LIMITS)
    return () if text is None else parse_limits(text)


def _change_limits(session: Session, value: str | None) -> None:
    from .manager import manager_of

    limits = () if value is None else parse_limits(value)
    manager = manager_of(session)
    with manager.lock:
        manager.machine.floor.scaling.limits.change(limits)
    session.database.history.forget_counts([limit.key for limit in limits])
    _store(session.database.path, LIMITS, value)


def _change_wlm(session: Session, value: str | None) -> str | None:
    from .manager import manager_of

    configuration = DEFAULT if value is None else _parsed(value)
    database = session.database
    try:
        manager = manager_of(session)
    except OperationalError as e:
        if e.sqlstate != BROKEN:
            raise
        _store(database.path, WLM, value)
        return None
    static = manager.reconfigure(configuration)
    if static and database.path is None:
        manager.pending = None
        raise NotSupportedError(f"a change of {', '.join(static)} needs the database to be opened anew, and this one is"
                                " in memory", hint=f"Give {WLM} to connect().")  # fmt: skip
    _store(database.path, WLM, value)
    if not static:
        manager.scale(database, manager.clusters, session.workers.threads)
        return None
    what = ", ".join(static)
    return f"{what} cannot be changed while the database is open: the new {WLM} waits until it is opened anew"


def show(session: Session, name: str) -> str:
    """The value that counts now."""
    from .manager import manager_of

    if name == CLUSTERS:
        return str(manager_of(session).clusters)
    if name == LIMITS:
        return json.dumps([
            {"usage_limit_id": limit.id, "feature_type": limit.feature.value, "limit_type": limit.feature.measure,
             "amount": limit.amount, "period": limit.period, "breach_action": limit.action}
            for limit in manager_of(session).machine.floor.scaling.limits.limits
        ])  # fmt: skip
    return manager_of(session).machine.configuration.text or DEFAULT_TEXT


def _clusters(text: str) -> int:
    if not text.strip().isdigit() or not 0 <= int(text) <= MOST_EXECUTORS:
        raise ProgrammingError(f'invalid value for parameter "{CLUSTERS}": "{text}"', sqlstate="22023",
                               hint=f"It takes a number from 0 to {MOST_EXECUTORS}.")  # fmt: skip
    return int(text)


def _parsed(text: str) -> Configuration:
    from ...wlm.parsing import parse  # not needed without a configuration

    return parse(text)


def _text(given: str) -> str:
    if not given.strip() or given.lstrip()[:1] in ("[", "{"):
        return given
    try:
        return Path(given).read_text()
    except OSError as e:
        raise FileError(f"{WLM}: the file {given!r} cannot be read: {e.strerror}") from None


def _stored(path: Path | None) -> dict[str, str]:
    """Parameters in the folder, each as its text."""
    content = {} if path is None else _content(path)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in content.items()}


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads((path / FILE).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as e:
        raise OperationalError(f"{path / FILE} cannot be read: {e}", hint="Mend it or remove it.") from None
    if not isinstance(content, dict):
        raise OperationalError(f"{path / FILE} must hold an object", hint="Mend it or remove it.")
    return content


def _store(path: Path | None, name: str, value: str | None) -> None:
    """Keep the value in the folder, if there is one; None: forget it."""
    if path is None:
        return
    found = _content(path)
    found.pop(name, None)
    if value is not None:
        found[name] = json.loads(value)
    temporary = path / f"{FILE}.{os.getpid()}.new"
    with open(temporary, "w") as file:
        json.dump(found, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path / FILE)
