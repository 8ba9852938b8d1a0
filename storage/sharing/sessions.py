"""The sessions of a database in all its processes, and letters to them.

    run/session-<process>-<session>    who it is, JSON; gone with the session, or removed when its process is dead
    run/mail-<process>                 a named pipe that a thread of the process reads: one letter a line

    {"session": 1073741826, "message": null}                        cancel what it runs
    {"session": 1073741826, "message": "...", "end": true}          and end the session

A letter to a process that is dead stays in nobody's pipe: opening one without a reader fails. A database in memory or
open read-only knows the sessions of its own process only.
"""
from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ...records import dataclass
from .processes import is_alive

Cancel = Callable[[str | None], None]
End = Callable[[str], None]
_PREFIX = "session-"


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """`started` is UTC, without a zone."""

    id: int
    user: str
    started: datetime


class Sessions:
    """See the module's text. For any thread."""

    def __init__(self, run: Path | None, process: int) -> None:
        self._run = run
        self._process = process
        self._lock = threading.Lock()
        self._here: dict[int, tuple[SessionInfo, Cancel, End]] = {}
        self._pipe = -1

    def add(self, info: SessionInfo, cancel: Cancel, end: End) -> None:
        """A session of this process; `cancel` stops what it runs, with a message for whoever waits for it; `end` ends
        the session, and does not wait for that."""
        with self._lock:
            self._here[info.id] = (info, cancel, end)
            if self._run is not None:
                if self._pipe < 0:
                    self._open_mail(self._run)
                text = json.dumps({"user": info.user, "started": info.started.isoformat()})
                with suppress(OSError):  # on a full disk others see no more of it than its number
                    self._file(self._run, info.id).write_text(text)

    def remove(self, id: int) -> None:
        with self._lock:
            self._here.pop(id, None)
            if self._run is not None:
                self._file(self._run, id).unlink(missing_ok=True)

    def all(self) -> list[SessionInfo]:
        """Of all processes, by number."""
        with self._lock:
            found = {id: here[0] for id, here in self._here.items()}
        if self._run is not None:
            for process, id in _names(self._run):
                if id not in found and is_alive(self._run, process):
                    info = _read(self._run / f"{_PREFIX}{process}-{id}", id)
                    if info is not None:
                        found[id] = info
        return sorted(found.values(), key=lambda info: info.id)

    def cancel(self, id: int, message: str | None) -> bool:
        """Stop what a session runs; False: there is no such session."""
        return self._tell({"session": id, "message": message})

    def terminate(self, id: int, message: str) -> bool:
        """End a session; False: there is no such session."""
        return self._tell({"session": id, "message": message, "end": True})

    def _tell(self, letter: dict[str, Any]) -> bool:
        """Deliver a letter, here or in another process."""
        if self._obey(letter):
            return True
        if self._run is None:
            return False
        process = next((p for p, known in _names(self._run) if known == letter["session"]), None)
        return process is not None and _send(self._run, process, letter)

    def _obey(self, letter: dict[str, Any]) -> bool:
        """Do what a letter says, if it is for a session of this process."""
        with self._lock:
            here = self._here.get(letter["session"])
        if here is None:
            return False
        _, cancel, end = here
        if letter.get("end"):
            end(letter["message"])
        else:
            cancel(letter["message"])
        return True

    def close(self) -> None:
        with self._lock:
            if self._pipe >= 0 and self._run is not None:
                os.write(self._pipe, b"\n")  # the reader's end
                (self._run / f"mail-{self._process}").unlink(missing_ok=True)
                self._pipe = -1

    def _file(self, run: Path, id: int) -> Path:
        return run / f"{_PREFIX}{self._process}-{id}"

    def _open_mail(self, run: Path) -> None:
        path = run / f"mail-{self._process}"
        os.mkfifo(path, 0o600)
        self._pipe = os.open(path, os.O_RDWR)  # for both, so that it has a reader from the start and no end
        threading.Thread(target=self._listen, args=(self._pipe,), name="warehouse-mail", daemon=True).start()

    def _listen(self, pipe: int) -> None:
        waiting = b""
        while True:
            waiting += os.read(pipe, 4096)
            *letters, waiting = waiting.split(b"\n")
            for letter in letters:
                if not letter:
                    os.close(pipe)
                    return
                self._deliver(letter)

    def _deliver(self, letter: bytes) -> None:
        try:
            self._obey(json.loads(letter))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # not from one of ours


def _names(run: Path) -> list[tuple[int, int]]:
    """(process, session) of the files in run/."""
    parts = (name.removeprefix(_PREFIX).split("-") for name in os.listdir(run) if name.startswith(_PREFIX))
    return [(int(p[0]), int(p[1])) for p in parts if len(p) == 2 and p[0].isdigit() and p[1].isdigit()]


def _read(path: Path, id: int) -> SessionInfo | None:
    try:
        content = json.loads(path.read_text())
        return SessionInfo(id, content["user"], datetime.fromisoformat(content["started"]))
    except (OSError, ValueError, KeyError):
        return None  # it has just gone, or has just come


def _send(run: Path, process: int, letter: dict[str, object]) -> bool:
    try:
        pipe = os.open(run / f"mail-{process}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False  # nobody reads it any more
    try:
        os.write(pipe, json.dumps(letter).encode() + b"\n")
    finally:
        os.close(pipe)
    return True
