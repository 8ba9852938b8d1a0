"""`import warehouse` costs milliseconds: nothing heavy comes with it."""

from __future__ import annotations

import subprocess
import sys

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


def test_logging_has_a_null_handler() -> None:
    import logging

    import warehouse

    assert warehouse.__name__ == "warehouse"
    assert any(isinstance(h, logging.NullHandler) for h in logging.getLogger("warehouse").handlers)


def test_windows_is_refused_by_name() -> None:
    code = "import sys; sys.platform = 'win32'\nimport warehouse"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "does not support Windows" in done.stderr
