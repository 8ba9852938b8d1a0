"""Digests that are remembered beside the pack."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from warehouse.kernels import digest
from warehouse.kernels.remembered import remembered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAREHOUSE_CACHE_DIR", str(tmp_path))
    return tmp_path


def never() -> dict[str, str]:
    raise AssertionError("computed again")


def test_computed_once(folder: Path) -> None:
    assert remembered("kind", "facts", lambda: {"a": "b"}) == {"a": "b"}
    assert remembered("kind", "facts", never) == {"a": "b"}
    assert remembered("kind", "others", lambda: {"a": "c"}) == {"a": "c"}
    assert remembered("another", "facts", lambda: {"a": "d"}) == {"a": "d"}


def test_what_is_damaged_is_computed_again(folder: Path) -> None:
    remembered("kind", "facts", lambda: {"a": "b"})
    for bad in (b"", b'{"a": "b', b"\xff\xfe", b'["a"]'):
        (folder / "kind-facts.json").write_bytes(bad)
        assert remembered("kind", "facts", lambda: {"a": "c"}) == {"a": "c"}
        assert remembered("kind", "facts", never) == {"a": "c"}


def test_nothing_is_kept_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_CACHE_DIR", "/dev/null/nowhere")
    for answer in ("b", "c"):
        assert remembered("kind", "facts", lambda: {"a": answer}) == {"a": answer}  # noqa: B023


def test_the_oldest_go(folder: Path) -> None:
    for i in range(12):
        remembered("kind", str(i), lambda: {"a": "b"})
        os.utime(folder / f"kind-{i}.json", (i, i))
    assert {path.name for path in folder.iterdir()} == {f"kind-{i}.json" for i in range(4, 12)}


def test_the_machine_is_the_one_llvm_sees() -> None:
    for _ in range(2):
        assert digest.environment.__wrapped__() == digest._environment()


def test_settings_of_the_compiler_make_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest.environment.__wrapped__()
    monkeypatch.setenv("NUMBA_OPT", "1")
    assert digest.environment.__wrapped__() != before
    monkeypatch.delenv("NUMBA_OPT")
    assert digest.environment.__wrapped__() == before


def test_sources_that_changed_just_now_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_JUST_NOW", 1 << 62)
    assert digest.family_digests.__wrapped__() == digest._family_digests()
    assert not list(folder.iterdir())
    monkeypatch.setattr(digest, "_JUST_NOW", -(1 << 62))
    for _ in range(2):
        assert digest.family_digests.__wrapped__() == digest._family_digests()
    assert len(list(folder.iterdir())) == 1
