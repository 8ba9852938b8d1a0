"""A forked process: what it inherits is refused, what it opens itself works, and the other process loses nothing."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.storage.sharing.files import FileLock


def in_child(*actions: Callable[[], Any]) -> list[str]:
    """What each of the actions answers, or raises, in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answers = []
        for action in actions:
            try:
                answers.append(repr(action()))
            except BaseException as error:
                answers.append(f"{type(error).__name__}: {error}")
        os.write(writing, "\n".join(answers).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answers = pipe.read().split("\n")
    os.waitpid(child, 0)
    return answers


@pytest.mark.parametrize("folder", [True, False])
def test_connections_stay_the_other_process_s(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "dw" if folder else ":memory:"
    c = warehouse.connect(path, autocommit=True, maintenance=False)
    c.execute("create table t (a int); insert into t values (1)")
    answers = in_child(
        lambda: c.execute("select * from t"), lambda: c.execute("insert into t values (2)"), c.commit, c.close,
    )
    assert [answer.split(" ", 1)[0] for answer in answers] == ["InterfaceError:"] * 3 + ["None"]
    assert "was made before this process was forked" in answers[0]
    c.execute("insert into t values (3)")
    assert c.execute("select * from t order by a").fetchall() == [(1,), (3,)]
    c.close()


def test_what_a_forked_process_opens(tmp_path: Path) -> None:
    """Not what was open: SQLite would take the other process's locks for its own."""
    with warehouse.connect(tmp_path / "closed", autocommit=True, maintenance=False) as c:
        c.execute("create table t (a int); insert into t values (1)")

    def count(path: Path) -> Any:
        with warehouse.connect(path, autocommit=True, maintenance=False, threads=2) as c:
            c.execute("insert into t values (2)")
            return c.execute("select count(*) from t").fetchall()

    with warehouse.connect(tmp_path / "open", autocommit=True, maintenance=False):
        closed, opened = in_child(lambda: count(tmp_path / "closed"), lambda: count(tmp_path / "open"))
    assert closed == "[(2,)]"
    assert opened.startswith("DatabaseInUse: ") and "was open when this process was forked" in opened
    assert count(tmp_path / "closed") == [(3,)]


def test_locks_do_not_outlive_their_release_in_a_child(tmp_path: Path) -> None:
    """A child has the descriptors, too."""
    lock, other = FileLock(tmp_path / "x"), FileLock(tmp_path / "x")
    lock.acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # as long as the test goes on
        os._exit(0)
    lock.release()
    assert other.try_acquire()
    os.close(writing)
    os.close(reading)
    os.waitpid(child, 0)
    other.release()
