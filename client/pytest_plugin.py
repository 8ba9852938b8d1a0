"""A plugin for pytest: a fresh warehouse for each test, with folders in place of S3's buckets.

    def test_totals(warehouse_db, warehouse_s3):
        (warehouse_s3 / "landing").mkdir()
        (warehouse_s3 / "landing" / "orders.csv").write_text("1,2.50\\n")
        warehouse_db.execute("copy orders from 's3://landing/' iam_role default csv")

    warehouse_seed      session   what every test's database holds: SQL text, a path of SQL, or a function of a
                                  connection; a project overrides it, or names files by the ini option `warehouse_seed`
    warehouse_options   session   connect's options; a project overrides it (nodes, slices_per_node ...)
    warehouse_s3        test      the folder in which s3://bucket/key is the file bucket/key
    warehouse_db        test      a connection to a database of its own, with autocommit

The seed runs once in a session (in each worker of pytest-xdist); a test's database is a copy of that folder, whose
data files are links, so that it costs a few milliseconds whatever the seed holds. Nothing of the warehouse is imported
before a test asks for one of these. docs/testing-pipelines.md shows a whole test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .dbapi import Connection

OPTIONS = {"nodes": 1, "slices_per_node": 2}
Seed = Any  # str, Path, a function of a connection, or a sequence of these


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("warehouse_seed", "SQL files that every test's warehouse_db begins with", type="paths", default=[])


@pytest.fixture(scope="session")
def warehouse_options() -> dict[str, Any]:
    """Options of warehouse.connect for the databases of tests; override it for another topology."""
    return dict(OPTIONS)


@pytest.fixture(scope="session")
def warehouse_seed(pytestconfig: pytest.Config) -> Seed:
    """What every test's database holds; override it, or name SQL files by the ini option."""
    return tuple(pytestconfig.getini("warehouse_seed"))


class _Templates:
    """Folders of closed databases, one for each seed and options that tests of the session ask for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._made: list[tuple[Seed, dict[str, Any], Path]] = []

    def find(self, seed: Seed, options: dict[str, Any]) -> Path:
        for known, with_options, folder in self._made:
            if known == seed and with_options == options:
                return folder
        root = self._factory.mktemp("warehouse")
        folder, s3 = root / "template", root / "s3"
        s3.mkdir()
        with _connect(folder, s3, options) as connection:
            _plant(seed, connection)
        self._made.append((seed, options, folder))
        return folder


@pytest.fixture(scope="session")
def _warehouse_templates(tmp_path_factory: pytest.TempPathFactory) -> _Templates:
    return _Templates(tmp_path_factory)


@pytest.fixture
def warehouse_s3(tmp_path: Path) -> Path:
    """The folder of this test's buckets."""
    folder = tmp_path / "s3"
    folder.mkdir()
    return folder


@pytest.fixture
def warehouse_db(
    _warehouse_templates: _Templates, warehouse_seed: Seed, warehouse_options: dict[str, Any], warehouse_s3: Path,
    tmp_path: Path,
) -> Iterator[Connection]:
    """A connection to a database of this test's own."""
    folder = tmp_path / "warehouse"
    shutil.copytree(_warehouse_templates.find(warehouse_seed, warehouse_options), folder, copy_function=_brought)
    with _connect(folder, warehouse_s3, warehouse_options) as connection:
        yield connection


def _connect(folder: Path, s3: Path, options: dict[str, Any]) -> Connection:
    from .dbapi import connect

    return connect(folder, **{"autocommit": True, "maintenance": False, "s3_root": s3, **options})


def _plant(seed: Seed, connection: Connection) -> None:
    """Run a seed, or several."""
    match seed:
        case str():
            _run(seed, connection)
        case Path():
            _run(seed.read_text(), connection)
        case list() | tuple():
            for each in seed:
                _plant(each, connection)
        case _ if callable(seed):
            seed(connection)
        case None:
            pass
        case _:
            raise pytest.UsageError(f"warehouse_seed is SQL, a path or a function, not {seed!r}")


def _run(script: str, connection: Connection) -> None:
    for result in connection.session.execute_script(script):
        result.close()


def _brought(source: str, target: str) -> str:
    """Data files never change, so that a link does; where the file system has none, a copy."""
    if source.endswith(".ext"):
        try:
            os.link(source, target)
            return target
        except OSError:
            pass
    return shutil.copyfile(source, target)
