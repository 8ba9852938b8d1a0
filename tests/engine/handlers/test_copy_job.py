"""COPY JOB: each new file once, by hand and by the background worker, whatever fails in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.maintenance.worker import Worker

ROLE = "iam_role 'arn:aws:iam::123456789012:role/MyLoadRoleName'"
CREATE = f"copy t from 's3://bucket/staging/' {ROLE} csv job create loads"


class Lab:
    """A folder with a bucket in it, and a session whose worker is run by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bucket = path / "bucket" / "staging"
        self.bucket.mkdir(parents=True)
        self.session = self.opened()
        self.session.execute("create table t (a integer, b varchar(5))")

    def opened(self) -> Any:
        return warehouse.connect(
            str(self.path / "db"), nodes=1, slices_per_node=2, autocommit=True, maintenance=False, s3_root=self.path
        )

    def put(self, name: str, text: str) -> None:
        (self.bucket / name).write_text(text)

    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(self.session.execute("select a, b from t").fetchall())

    def tick(self) -> None:
        """One round of the worker's poller, without its thread."""
        worker = Worker(self.session.session.database)
        worker._sessions.add(self.session.session)
        worker.load_new_files()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.session.close()


def test_new_files_are_loaded_once(lab: Lab) -> None:
    lab.put("before", "0,old\n")
    assert "1 file(s) that are there already" in lab.session.execute(CREATE).notices[0]
    lab.tick()
    assert lab.rows() == []
    lab.put("one", "1,x\n")
    lab.put("two", "2,y\n")
    lab.tick()
    lab.tick()
    assert lab.rows() == [(1, "x"), (2, "y")]
    lab.put("three", "3,z\n")
    assert lab.session.execute("copy job run loads").rowcount == 1
    assert lab.session.execute("copy job run loads").rowcount == 0
    lab.session.close()
    lab.session = lab.opened()
    lab.put("one", "1,changed\n")
    lab.tick()
    assert lab.rows() == [(1, "x"), (2, "y"), (3, "z")]
    found = lab.session.execute("select file_location, file_name, status from sys_copy_job_detail order by 2")
    assert found.fetchall() == [("bucket", f"staging/{name}", "I") for name in ("one", "three", "two")]
    joined = "select count(*) from sys_copy_job j join stl_load_commits c on j.job_id = c.copy_job_id"
    assert lab.session.execute(joined).fetchone() == (3,)


def test_a_file_that_fails_is_passed_over(lab: Lab) -> None:
    lab.session.execute(CREATE)
    lab.put("good", "1,x\n")
    lab.put("wrong", "nonsense\n")
    lab.tick()
    assert lab.rows() == [(1, "x")]
    states = "select file_name, status from sys_copy_job_detail order by 1"
    assert lab.session.execute(states).fetchall() == [("staging/good", "I"), ("staging/wrong", "E")]
    [(told,)] = lab.session.execute("select message from sys_copy_job_info where message like '%wrong%'").fetchall()
    assert "line 1" in told
    lab.put("wrong", "2,y\n")
    lab.tick()
    assert lab.rows() == [(1, "x")]
    lab.session.execute("copy job run loads")
    assert lab.rows() == [(1, "x"), (2, "y")]
    assert lab.session.execute(states).fetchall() == [("staging/good", "I"), ("staging/wrong", "I")]


def test_rows_and_marks_are_one_commit(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.engine.session import Session

    lab.session.execute(CREATE)
    lab.put("one", "1,x\n")
    commit = Session.commit_delta

    def dies(self: Session, delta: Any) -> None:
        assert delta.add_extents and delta.facts
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "commit_delta", dies)
    with pytest.raises(KeyboardInterrupt):
        lab.session.execute("copy job run loads")
    monkeypatch.setattr(Session, "commit_delta", commit)
    assert lab.rows() == []
    lab.tick()
    lab.tick()
    assert lab.rows() == [(1, "x")]


def test_auto_off_alter_and_drop(lab: Lab) -> None:
    lab.session.execute(f"{CREATE} auto off")
    lab.put("one", "1,x\n")
    lab.tick()
    assert lab.rows() == []
    assert [row[1:] for row in lab.session.execute("copy job list").fetchall()] == [("loads", "off")]
    lab.session.execute("copy job alter loads auto on")
    [(_, name, text, auto, owner)] = lab.session.execute("copy job show loads").fetchall()
    assert (name, auto, owner) == ("loads", "on", "dev") and text == CREATE.removesuffix(" job create loads")
    lab.tick()
    assert lab.rows() == [(1, "x")]
    lab.session.execute("copy job drop loads")
    lab.put("two", "2,y\n")
    lab.tick()
    assert lab.rows() == [(1, "x")]
    assert lab.session.execute("select count(*) from sys_copy_job").fetchone() == (0,)
    lab.session.execute(CREATE)
    lab.session.execute("drop table t")
    assert lab.session.execute("copy job list").fetchall() == []


def test_a_job_is_its_owners(lab: Lab) -> None:
    lab.session.execute("create user ann password disable")
    lab.session.execute("grant insert on t to ann")
    lab.session.execute("set session authorization ann")
    lab.session.execute(CREATE)
    lab.session.execute("set session authorization dev")
    lab.session.execute("create user bob password disable")
    lab.session.execute("set session authorization bob")
    assert lab.session.execute("select count(*) from sys_copy_job").fetchone() == (0,)
    for statement in ("copy job run loads", "copy job drop loads", "copy job alter loads auto off"):
        with pytest.raises(warehouse.Error, match="must be owner of COPY JOB"):
            lab.session.execute(statement)
    lab.session.execute("set session authorization dev")
    lab.session.execute("revoke insert on t from ann")
    lab.put("one", "1,x\n")
    lab.tick()
    assert lab.rows() == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (f"{CREATE} auto", "syntax error"),
        (CREATE.replace("csv", "csv maxerror 5"), "does not support MAXERROR"),
        (CREATE.replace("csv", "csv ignoreallerrors"), "does not support IGNOREALLERRORS"),
        (CREATE.replace("csv", "csv manifest"), "does not support MANIFEST"),
        (CREATE.replace(ROLE, "iam_role default"), "IAM_ROLE default"),
        (CREATE.replace(ROLE, "access_key_id 'a' secret_access_key 'b'"), "does not support ACCESS_KEY_ID"),
        (CREATE.replace(ROLE, ""), "needs IAM_ROLE"),
        (CREATE.replace("create loads", 'create "lo-ads"'), "hyphen"),
        (CREATE.replace("copy t", "copy nosuch"), "does not exist"),
        (CREATE.replace("copy t", "copy temp"), "temporary"),
        ("copy job run nothing", 'COPY JOB "nothing" does not exist'),
        ("copy job alter nothing", "syntax error"),
    ],
)
def test_what_is_refused(lab: Lab, statement: str, message: str) -> None:
    lab.session.execute("create temp table temp (a integer)")
    with pytest.raises(warehouse.Error, match=message):
        lab.session.execute(statement)


def test_not_in_a_block_and_not_twice(lab: Lab) -> None:
    lab.session.execute(CREATE)
    with pytest.raises(warehouse.Error, match="already exists"):
        lab.session.execute(CREATE)
    for statement in (CREATE, "copy job drop loads", "copy job run loads"):
        lab.session.execute("begin")
        with pytest.raises(warehouse.Error, match="transaction block"):
            lab.session.execute(statement)
        lab.session.execute("rollback")
