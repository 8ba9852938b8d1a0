"""The wheel: no tests inside, every package listed, and a query runs from it in a clean environment.

The environment shares the installed dependencies (a .pth file names their folder), so that the test needs
no network: what it proves is that the wheel itself is complete.
"""
from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
QUERY = """
import warehouse
assert "site-packages" in warehouse.__file__, warehouse.__file__
with warehouse.connect(":memory:", autocommit=True) as connection:
    connection.execute("create table t (a integer, b varchar(5)) distkey(a)")
    connection.execute("insert into t values (1, 'x'), (2, 'y')")
    print(connection.execute("select sum(a), max(b) from t").fetchall())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, from a copy of what git would take along."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_contents(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "warehouse/__init__.py" in names and "warehouse/py.typed" in names
    assert not [name for name in names if "/tests/" in name or "conftest" in name or "/docs/" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    skipped = {"tests", "docs", "build", "dist"}
    found = {
        ".".join(("warehouse", *path.parent.relative_to(ROOT).parts))
        for path in ROOT.rglob("__init__.py")
        if not {part for part in path.relative_to(ROOT).parts if part in skipped or part.startswith(".")}
    }
    assert sorted(listed) == sorted(found)


def test_a_query_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(python), "-c", QUERY], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[(3, 'y')]"
    script = subprocess.run(
        [str(python.with_name("warehouse-sql")), "--version"], capture_output=True, text=True, check=True,
        env=environment,
    )
    assert script.stdout.startswith("warehouse-sql, version ")
    for name in ("design", "advise"):  # commands that bench/design/ registers
        script = subprocess.run(
            [str(python.with_name("warehouse-sql")), name, "--help"], capture_output=True, text=True, check=True,
            env=environment,
        )
        assert script.stdout.startswith(f"Usage: warehouse-sql {name} [OPTIONS]")
