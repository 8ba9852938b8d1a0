"""Query history: batches, numbers, limits."""
from __future__ import annotations

import json
import sqlite3
import time
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest
from warehouse import errors
from warehouse.storage.catalog import history
from warehouse.storage.catalog.history import History
from warehouse.storage.catalog.loads import Loads
from warehouse.storage.sharing.numbers import Numbers


def record(store: History, count: int) -> None:
    for _ in range(count):
        store.record({"query": store.next_query_id(), "text": "select 'é'"})


def test_in_memory() -> None:
    store = History(None)
    record(store, 3)
    assert [r["query"] for r in store.rows()] == [1, 2, 3]
    store.close()


def test_records_outlive_the_process_and_numbers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    store = History(path)
    assert not path.exists(), "nothing is opened before it is needed"
    record(store, 2)
    store.close()
    store = History(path)
    record(store, 1)
    assert [r["query"] for r in store.rows()] == [1, 2, 3]
    assert store.rows()[0]["text"] == "select 'é'"
    store.close()


def wait_for(store: History, count: int) -> int:
    """How many records another process sees, once it sees `count`."""
    for _ in range(300):
        if len(store.rows()) >= count:
            break
        time.sleep(0.01)
    return len(store.rows())


def test_a_full_batch_is_written_at_once_and_a_small_one_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = History(tmp_path / "h"), History(tmp_path / "h")
    monkeypatch.setattr(history, "BATCH_SECONDS", 3600.0)
    record(store, history.BATCH_RECORDS)
    assert wait_for(other, history.BATCH_RECORDS) == history.BATCH_RECORDS
    monkeypatch.setattr(history, "BATCH_SECONDS", 0.02)
    record(store, 1)
    assert wait_for(other, history.BATCH_RECORDS + 1) == history.BATCH_RECORDS + 1
    store.close()
    other.close()


def test_who_records_writes_when_the_writer_falls_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH_SECONDS", 3600.0)
    monkeypatch.setattr(history, "MOST_PENDING", 3)
    store = History(tmp_path / "h")
    record(store, 3)
    assert not store._pending
    store.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_details_are_made_later_and_the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    monkeypatch.setattr(history, "KEPT_DETAILS", 2)
    monkeypatch.setattr(history, "KEPT_IN_MEMORY", 2)
    made = []

    def describe(number: int) -> str:
        made.append(number)
        return f'{{"number": {number}}}'

    store = History(None if in_memory else tmp_path / "h")
    for _ in range(4):
        number = store.next_query_id()
        store.record({"query": number}, lambda number=number: describe(number))  # type: ignore[misc]
    assert made == []
    assert list(store.details()) == [(3, {"number": 3}), (4, {"number": 4})]
    assert len(store.rows()) == 4
    store.close()


def test_large_details_in_memory_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_WEIGHT", 100)
    store = History(None)
    for weight in (30, 30, 30, 30, 1):
        store.record({"query": store.next_query_id()}, lambda: "{}", weight)
    assert [query for query, _ in store.details()] == [2, 3, 4, 5]
    store.record({"query": store.next_query_id()}, lambda: "{}", 1000)
    assert [query for query, _ in store.details()] == [6]


def test_details_that_cannot_be_made_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def describe() -> str:
        raise ValueError("a plan of a kind that nobody knows")

    store = History(tmp_path / "h")
    store.record({"query": store.next_query_id()}, describe)
    assert list(store.details()) == [] and len(store.rows()) == 1
    assert "a plan of a kind" in caplog.text
    store.close()


def test_the_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit the older half of the details goes; the records stay."""
    monkeypatch.setattr(history, "MOST_BYTES", 100_000)
    store = History(tmp_path / "h")
    for _ in range(40):
        store.record({"query": store.next_query_id()}, lambda: f'{{"text": "{"x" * 9_000}"}}')
        store.flush()
    kept = [query for query, _ in store.details()]
    assert 3 <= len(kept) < 12 and kept[-1] == 40 and kept == list(range(kept[0], 41))
    assert len(store.rows()) == 40
    store.close()


def test_a_history_that_cannot_be_written_is_reported_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "folder" / "h"
    store = History(path)
    record(store, 1)
    with pytest.raises(errors.FileError, match="cannot be opened"):
        store.flush()
    store._flush_in_time()
    assert "tried again" in caplog.text
    path.parent.mkdir()
    assert len(store.rows()) == 1
    store.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_the_oldest_records_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool) -> None:
    monkeypatch.setattr(history, "KEPT_RECORDS", 5)
    store = History(None if in_memory else tmp_path / "h")
    record(store, 8)
    assert [r["query"] for r in store.rows()] == [4, 5, 6, 7, 8]
    store.close()


@pytest.mark.parametrize("kind", ["history", "loads"])
def test_a_damaged_file_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    """A file that holds what may be lost must not stand before a statement."""
    path = tmp_path / "h"
    path.write_bytes(b"garbage" * 1000)
    if kind == "history":
        store = History(path)
        record(store, store.next_query_id())
        assert len(store.rows()) == 1
        store.close()
    else:
        loads = Loads(path)
        loads.end(1, {"errors": [{"query": 1}]})
        assert loads.records("errors") == [{"query": 1}]
        loads.close()
    assert "begins anew" in caplog.text
    assert (tmp_path / "h.damaged").read_bytes() == b"garbage" * 1000


def test_an_event_that_cannot_be_kept_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A transaction that is refused tells of its conflict, not of the history that cannot be opened."""
    store = History(tmp_path / "nowhere" / "h")
    store.record_event("conflict", {"xid": 1})
    assert "cannot be written" in caplog.text
    with pytest.raises(errors.FileError, match="cannot be opened"):
        store.events("conflict")


def test_a_history_that_cannot_be_written_does_not_keep_the_database_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = History(tmp_path / "folder" / "h")
    record(store, 1)
    store.close()
    assert "the last statements are not in it" in caplog.text


def test_statements_go_on_without_a_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk: numbers come from the counter that processes share, and what cannot be written is bounded."""
    monkeypatch.setattr(history, "MOST_PENDING", 6)
    (tmp_path / "h").touch()
    monkeypatch.setattr(history, "opened", failing := Mock(side_effect=sqlite3.OperationalError("disk I/O error")))
    numbers = Numbers(tmp_path / "numbers")
    store = History(tmp_path / "h", numbers)
    record(store, 20)
    assert failing.called and len(store._pending) < 6
    monkeypatch.undo()
    assert 3 <= len(store.rows()) < 6 and store.rows()[-1]["query"] == 20
    store.close()
    numbers.close()


def test_notes_come_with_the_batch_and_each_kind_has_its_own_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT_EVENTS", 3)
    store, other = History(tmp_path / "h"), History(tmp_path / "h")
    store.record_event("vacuum", {"xid": 1})
    made = []

    def describe(number: int) -> str:
        made.append(number)
        return json.dumps({"query": number})

    for number in range(5):
        store.note("turn", partial(describe, number))
    store.note("turn", lambda: json.dumps({}["nothing"]))  # a bug loses one event and no more
    assert not made and other.events("turn") == []
    assert [e["query"] for e in store.events("turn")] == [2, 3, 4] and made == [0, 1, 2, 3, 4]
    assert other.events("turn", frozenset((1, 3))) == [{"query": 3}]
    assert other.events("vacuum") == [{"xid": 1}]
    store.close()
    store.note("turn", partial(describe, 5))  # of a statement that ends after all
    assert other.events("turn")[-1] == {"query": 5}
    store.close()
    other.close()


def test_counts_of_all_processes_add_up_and_begin_anew_with_the_period(tmp_path: Path) -> None:
    store, other = History(tmp_path / "h"), History(tmp_path / "h")
    for each, since, amount in ((store, 10, 1.5), (other, 10, 2.0), (store, 20, 4.0), (other, 10, 8.0)):
        each.count("a", since, amount)
        each.flush()
    store.count("b", 10, 1.0)
    assert store.counts() == {"a": (20, 4.0), "b": (10, 1.0)}
    other.forget_counts(["b"])
    assert store.counts() == {"b": (10, 1.0)}
    store.close()
    other.close()
    assert History(None).counts() == {}
