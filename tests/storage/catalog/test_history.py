"""Query history: batches, numbers, limits."""
from __future__ import annotations

import time
from pathlib import Path

import pytest
from warehouse import errors
from warehouse.storage.catalog import history
from warehouse.storage.catalog.history import History


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


def test_a_full_batch_is_written_at_once_and_a_small_one_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BATCH_SECONDS", 0.02)
    store, other = History(tmp_path / "h"), History(tmp_path / "h")
    record(store, history.BATCH_RECORDS)
    assert len(other.rows()) == history.BATCH_RECORDS
    record(store, 1)
    for _ in range(200):
        if len(other.rows()) > history.BATCH_RECORDS:
            break
        time.sleep(0.01)
    assert len(other.rows()) == history.BATCH_RECORDS + 1
    store.close()
    other.close()


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
