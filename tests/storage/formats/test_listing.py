"""Which files a COPY source means."""
from __future__ import annotations

from pathlib import Path

import pytest
from warehouse import errors
from warehouse.storage.formats.listing import list_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "cust.tbl", "cust.tbl.gz", "customer/2.tbl", "customer/1.tbl", "customer/deep/3.tbl", "customer/_SUCCESS",
        "customer/.hidden", "customer/_temporary/4.tbl", "orders.tbl", "_own.tbl",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    return tmp_path


def names(folder: Path, source: str) -> list[str]:
    return [str(Path(f.path).relative_to(folder)) for f in list_files(source)]


def test_a_name_is_a_prefix(folder: Path) -> None:
    assert names(folder, f"{folder}/cust") == [
        "cust.tbl", "cust.tbl.gz", "customer/1.tbl", "customer/2.tbl", "customer/deep/3.tbl",
    ]  # fmt: skip
    assert names(folder, f"{folder}/cust.tbl") == ["cust.tbl", "cust.tbl.gz"]
    assert names(folder, f"{folder}/orders.tbl") == ["orders.tbl"]


def test_a_folder_means_all_below(folder: Path) -> None:
    assert names(folder, f"{folder}/customer/") == ["customer/1.tbl", "customer/2.tbl", "customer/deep/3.tbl"]
    assert "_own.tbl" not in names(folder, f"{folder}/")


def test_hidden_files_are_taken_by_name_only(folder: Path) -> None:
    assert names(folder, f"{folder}/_own") == ["_own.tbl"]
    assert names(folder, f"{folder}/customer/_SUC") == ["customer/_SUCCESS"]


def test_file_urls_are_paths(folder: Path) -> None:
    (folder / "with space").write_bytes(b"1")
    assert names(folder, f"file://{folder}/orders") == ["orders.tbl"]
    assert names(folder, f"file://localhost{folder}/with%20space") == ["with space"]


def test_relative_paths_start_in_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [f.path for f in list_files("ord")] == ["orders.tbl"]
    with pytest.raises(errors.FileMissing) as caught:
        list_files("nothing")
    assert str(folder) in str(caught.value.hint)


def test_sizes_are_told(folder: Path) -> None:
    assert list_files(f"{folder}/orders")[0].bytes == 5


@pytest.mark.parametrize("source", ["/no/such/folder/x", "{}/nothing", "{}/customer/nothing", "file://{}/nothing"])
def test_nothing_found_names_the_source(folder: Path, source: str) -> None:
    source = source.format(folder)
    with pytest.raises(errors.FileMissing) as caught:
        list_files(source)
    assert source in caught.value.message


@pytest.mark.parametrize("source", ["emr://c/x", "dynamodb://t", "https://h/x", "ssh://h"])
def test_other_schemes_are_refused_by_name(source: str) -> None:
    with pytest.raises(errors.NotSupportedError, match=source.split(":")[0]):
        list_files(source)


def test_other_hosts_and_nothing_are_refused() -> None:
    with pytest.raises(errors.NotSupportedError, match="elsewhere"):
        list_files("file://elsewhere/x")
    with pytest.raises(errors.FileMissing):
        list_files("")
