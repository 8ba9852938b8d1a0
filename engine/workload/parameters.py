"""Cluster parameters: where a database's wlm_json_configuration comes from, and how it changes.

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

from ...errors import FileError, InterfaceError, NotSupportedError, OperationalError, UndefinedObject
from ...wlm.configuration import DEFAULT, DEFAULT_TEXT, Configuration

if TYPE_CHECKING:
    from ..session import Session

WLM = "wlm_json_configuration"
PARAMETERS = (WLM,)
FILE = "parameters.json"
_given: WeakKeyDictionary[Any, Configuration] = WeakKeyDictionary()


def configured(database: Any) -> Configuration:
    """What the database is opened with."""
    given = _given.get(database)
    if given is not None:
        return given
    text = _stored(database.path).get(WLM)
    return DEFAULT if text is None else _parsed(text)


def open_with(session: Session, given: str) -> None:
    """connect()'s option: JSON, or a file's path. On a database that is open already it must be applicable."""
    from .manager import known

    configuration = _parsed(_text(given))
    manager = known(session.database)
    if manager is None:
        _given[session.database] = configuration
        return
    static = manager.reconfigure(configuration)
    if static:
        manager.pending = None
        raise InterfaceError(f"the database is open with another {WLM}, which differs in {', '.join(static)}",
                             hint="Close its other connections first.")  # fmt: skip


def change(session: Session, name: str, value: str | None) -> str | None:
    """ALTER SYSTEM SET, or RESET with None; a warning if the change has to wait."""
    from .manager import manager_of

    if name not in PARAMETERS:
        hint = f"ALTER SYSTEM changes {', '.join(PARAMETERS)}."
        raise UndefinedObject(f'unrecognized configuration parameter "{name}"', hint=hint)
    configuration = DEFAULT if value is None else _parsed(value)
    database = session.database
    database.check_writable()
    manager = manager_of(session)
    static = manager.reconfigure(configuration)
    if static and database.path is None:
        manager.pending = None
        raise NotSupportedError(f"a change of {', '.join(static)} needs the database to be opened anew, and this one is"
                                " in memory", hint=f"Give {WLM} to connect().")  # fmt: skip
    if database.path is not None:
        _store(database.path, value)
    if not static:
        return None
    what = ", ".join(static)
    return f"{what} cannot be changed while the database is open: the new {WLM} waits until it is opened anew"


def show(session: Session, name: str) -> str:
    """The value that counts now."""
    from .manager import manager_of

    assert name == WLM
    return manager_of(session).machine.configuration.text or DEFAULT_TEXT


def _parsed(text: str) -> Configuration:
    from ...wlm.parsing import parse  # not needed without a configuration

    found = parse(text)
    for queue in found.queues:
        if queue.scaling:
            raise NotSupportedError(f"{WLM}: concurrency scaling of {queue.name!r} is not supported yet",
                                    hint="Write concurrency_scaling: off.")  # fmt: skip
    return found


def _text(given: str) -> str:
    if given.lstrip()[:1] in ("[", "{"):
        return given
    try:
        return Path(given).read_text()
    except OSError as e:
        raise FileError(f"{WLM}: the file {given!r} cannot be read: {e.strerror}") from None


def _stored(path: Path | None) -> dict[str, str]:
    """Parameters in the folder, each as its text."""
    if path is None:
        return {}
    try:
        content = json.loads((path / FILE).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as e:
        raise OperationalError(f"{path / FILE} cannot be read: {e}", hint="Mend it or remove it.") from None
    if not isinstance(content, dict):
        raise OperationalError(f"{path / FILE} must hold an object", hint="Mend it or remove it.")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in content.items()}


def _store(path: Path, value: str | None) -> None:
    found = {name: json.loads(text) for name, text in _stored(path).items()}
    found.pop(WLM, None)
    if value is not None:
        found[WLM] = json.loads(value)
    temporary = path / f"{FILE}.{os.getpid()}.new"
    with open(temporary, "w") as file:
        json.dump(found, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path / FILE)
