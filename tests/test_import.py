"""`import warehouse` costs milliseconds: nothing heavy comes with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("numba", "llvmlite", "numpy", "pyarrow", "sqlglot", "pandas", "prompt_toolkit", "sqlite3")


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_is_light() -> None:
    loaded = loaded_after("import warehouse; warehouse.connect; warehouse.Error")
    assert "warehouse" in loaded
    assert not loaded & set(HEAVY)


def test_connecting_compiles_nothing() -> None:
    loaded = loaded_after("import warehouse; warehouse.connect(nodes=1, slices_per_node=1).close()")
    assert not loaded & {"numba", "pandas"}


# Heavy or plenty, and nothing of a first query: what brings one of them to it costs every process.
NOT_FOR_A_FIRST_QUERY = {
    "numba", "llvmlite", "importlib.metadata", "email", "zipfile", "pandas", "prompt_toolkit", "pygments",
    "asyncio", "duckdb",
    "pyarrow.compute", "pyarrow.parquet", "pyarrow.csv", "pyarrow.dataset", "pyarrow.json",
    "sqlglot.optimizer.optimizer", "sqlglot.optimizer.qualify", "sqlglot.executor",
    "sqlglot.dialects.snowflake", "sqlglot.dialects.bigquery", "sqlglot.dialects.hive",
    "warehouse.client.render", "warehouse.client.repl", "warehouse.client.cli", "warehouse.storage.loader",
    "warehouse.storage.run", "warehouse.storage.formats.text", "warehouse.storage.formats.parquet",
    "warehouse.engine.handlers.copy", "warehouse.kernels.build", "warehouse.kernels.vm",
}


def test_a_first_query_imports_what_it_needs() -> None:
    script = (
        "import warehouse; warehouse.connect(nodes=1, slices_per_node=1).execute('select 1').fetchone()\n"
        "import sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & NOT_FOR_A_FIRST_QUERY


_METADATA = """
import sys, importlib
import warehouse
from warehouse.startup import metadata_when_asked
with metadata_when_asked():
    import importlib.metadata
    from importlib.metadata import entry_points
    held = importlib.metadata
    assert "email" not in sys.modules
{inside}
assert ("email" in sys.modules) is {asked}
assert (sys.modules.get("importlib.metadata") is held) is False and hasattr(importlib, "metadata") is {asked}
assert entry_points(group="no such group") is not None and held.version("numpy")
import importlib.metadata
assert importlib.metadata is sys.modules["importlib.metadata"] is not held
with metadata_when_asked():
    assert importlib.metadata is sys.modules["importlib.metadata"] is not held
"""


def test_the_stand_in_gives_way_to_the_true_module() -> None:
    for inside, asked in (("", False), ("    assert held.version('numpy')", True)):
        subprocess.run([sys.executable, "-c", _METADATA.format(inside=inside, asked=asked)], check=True)


def test_the_collector_is_as_before_after_connect() -> None:
    for before in ("gc.enable()", "gc.disable()"):
        script = (
            f"import gc; {before}; before = gc.isenabled()\n"
            "import warehouse; warehouse.connect(nodes=1, slices_per_node=1).close()\n"
            "assert gc.isenabled() is before and gc.get_freeze_count() == 0"
        )
        subprocess.run([sys.executable, "-c", script], check=True)


def test_dataclasses_are_the_quick_ones() -> None:
    """records.py says why; what is here only for type checkers or in bench/ may be the standard library's."""
    theirs = re.compile(r"^from dataclasses import .*\bdataclass\b|^import dataclasses", re.MULTILINE)
    for folder in ("kernels", "storage", "planner", "engine", "client", "wlm"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not theirs.search(path.read_text()), f"{path.relative_to(ROOT)}: from ..records import dataclass"


def test_logging_has_a_null_handler() -> None:
    import logging

    import warehouse

    assert warehouse.__name__ == "warehouse"
    assert any(isinstance(h, logging.NullHandler) for h in logging.getLogger("warehouse").handlers)


def test_windows_is_refused_by_name() -> None:
    code = "import sys; sys.platform = 'win32'\nimport warehouse"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "does not support Windows" in done.stderr
