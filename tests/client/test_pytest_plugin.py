"""The fixtures for users' tests, run by pytester; the page about them is run as it stands."""
from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from warehouse.kernels import packfile

pytest_plugins = ["pytester"]
PAGE = Path(__file__).parents[2] / "docs" / "testing-pipelines.md"
KERNELS = str(packfile.folder())  # pytester makes another home, which has none
# Where the package is installed anew, pytest finds the plugin by itself.
NAMED = () if entry_points(group="pytest11", name="warehouse") else ("-p", "warehouse.client.pytest_plugin")
PLUGIN = (*NAMED, "-p", "no:cacheprovider", "-q", "-rA")
INI = """
def test_ini(warehouse_db):
    assert warehouse_db.execute("select i from a").fetchall() == [(1,)]
"""
OWN = """
import pytest

@pytest.fixture(scope="session")
def warehouse_options():
    return {"nodes": 2, "slices_per_node": 2}

@pytest.fixture(scope="session")
def warehouse_seed(tmp_path_factory):
    path = tmp_path_factory.mktemp("sql") / "b.sql"
    path.write_text("create table b (i int)")
    return ["create table a (i int)", path, lambda db: db.execute("insert into b values (7)")]

@pytest.mark.parametrize("turn", range(2))
def test_own(warehouse_db, turn):
    warehouse_db.execute("insert into a values (1)")
    warehouse_db.execute("delete from b")
    assert warehouse_db.execute("select count(*) from a").fetchall() == [(1,)]
    assert warehouse_db.execute("select count(*) from stv_slices").fetchall() == [(4,)]
"""
WRONG = """
import pytest

@pytest.fixture(scope="session")
def warehouse_seed():
    return 3

def test_wrong(warehouse_db):
    pass
"""


def test_fixtures_in_projects_of_all_kinds(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's example, a seed by the ini option, fixtures of one's own, and a seed that is none."""
    monkeypatch.setenv("WAREHOUSE_CACHE_DIR", KERNELS)
    blocks = re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in blocks] == ["pipeline.py", "conftest.py", "test_pipeline.py"]
    pytester.mkdir("page")
    for name, text in blocks:
        pytester.path.joinpath("page", name).write_text(text)
    pytester.makefile(".sql", seed="create table a (i int); insert into a values (1);")
    pytester.makeini("[pytest]\nwarehouse_seed = seed.sql\n")
    pytester.makepyfile(test_ini=INI, test_own=OWN, test_wrong=WRONG)
    # One process of its own: a second import of numpy into this one would fail.
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*warehouse_seed is SQL, a path or a function, not 3*"])


def test_the_plugin_alone_imports_nothing_heavy() -> None:
    code = (
        "import sys, warehouse.client.pytest_plugin\n"
        "print([m for m in ('numba', 'numpy', 'pyarrow', 'sqlglot', 'sqlite3') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
