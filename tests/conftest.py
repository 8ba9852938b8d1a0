"""Shared by all tests: a fresh database, golden files, and the check of docs/coverage.toml.

    db                 fixture: a connection to a database in memory, closed afterwards
    in_files           fixture: every commit's rows go to files, however few they are (storage/inline.py)
    golden(name, text) fixture: `text` must equal golden/<name> beside the test file;
                       `make golden` (--update-golden) writes the files instead
    --check-coverage   at the end of a whole run: every row of docs/coverage.toml that says
                       supported or refused must name a test that ran and passed
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import golden_files
import hypothesis
import pytest
import sampling
import support_table
from places import ByPlace

# The same few examples in every run; `make examples` looks at many new ones.
hypothesis.settings.register_profile(
    "quick", max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("long", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing")
    parser.addoption("--check-coverage", action="store_true", help="hold docs/coverage.toml against this run")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByPlace(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_configure(config: pytest.Config) -> None:
    on_a_worker = hasattr(config, "workerinput")
    if config.getoption("--check-coverage") and not on_a_worker:
        config.pluginmanager.register(CoverageCheck(), "warehouse-coverage")
    if config.getoption("numprocesses", None) and not on_a_worker:
        sampling.draw_a_seed()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):
        terminalreporter.line(f"sampled by {sampling.VARIABLE}={sampling.draw_a_seed()} (all: every case)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    out = set(sampling.left_out(items))
    if out:
        config.hook.pytest_deselected(items=[item for item in items if item in out])
        items[:] = [item for item in items if item not in out]
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker("golden")


class CoverageCheck:
    """Collects the tests that passed and compares them with the rows of docs/coverage.toml."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.complaints: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)
        elif report.failed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.complaints = support_table.unproven(support_table.load(), self.passed - self.failed)
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.complaints:
            terminalreporter.section("docs/coverage.toml")
            for line in self.complaints:
                terminalreporter.line(line)


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.storage.database import Database

    monkeypatch.setattr(Database, "inline_bytes", 0)


@pytest.fixture
def db() -> Iterator[Any]:
    """A connection to a fresh database in memory (one node, two slices)."""
    import warehouse

    connection = warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True)
    yield connection
    connection.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a golden file, or write it with --update-golden."""
    folder = Path(str(request.node.path)).parent / "golden"
    update = request.config.getoption("--update-golden")

    return lambda name, text: golden_files.check(folder, name, text, update)


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """moto's S3 server, of this test process."""
    from s3_server import start

    server, face = start()
    yield face
    server.stop()
