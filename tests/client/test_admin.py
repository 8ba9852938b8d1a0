"""The command line of snapshots and resizes."""
from __future__ import annotations

import io
from pathlib import Path

import pytest
import warehouse
from click.testing import CliRunner
from warehouse.client import admin
from warehouse.client.repl.meta import run_command
from warehouse.client.repl.shell import Look, Shell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with warehouse.connect(tmp_path / "dw", slices_per_node=2, autocommit=True) as c:
        c.execute("create table t as select 1 as a")
    return tmp_path / "dw"


def run(*arguments: object, code: int = 0) -> str:
    name, *rest = (str(a) for a in arguments)
    done = CliRunner().invoke(admin.COMMANDS[name], rest)
    assert done.exit_code == code, done.output
    return done.output


def test_a_snapshots_life(folder: Path, tmp_path: Path) -> None:
    assert run("snapshot", "list", folder) == "no snapshots\n"
    assert "snapshot monday: 1 tables, 1 rows" in run("snapshot", "create", folder, "monday")
    head, line = run("snapshot", "list", folder).splitlines()
    assert head.split()[-1] == "own" and line.split()[0] == "monday" and line.split()[-2:] == ["0", "bytes"]
    assert run("snapshot", "restore-table", folder, "monday", "t", "t2") == "1 rows restored\n"
    assert run("snapshot", "copy", folder, "monday", tmp_path / "safe").startswith(f"copied to {tmp_path / 'safe'}")
    assert "would go with this command" in run("snapshot", "copy", folder, "monday", "memory://a/b", code=2)
    assert "1 tables, 1 rows" in run("snapshot", "restore", tmp_path / "safe", "monday", tmp_path / "dw2")
    with warehouse.connect(tmp_path / "dw2", create=False) as c:
        assert c.execute("select a from t").fetchall() == [(1,)]
    run("snapshot", "delete", folder, "monday")
    assert 'snapshot "monday" does not exist' in run("snapshot", "delete", folder, "monday", code=1)
    assert "is not a folder" in run("snapshot", "list", tmp_path / "none", code=2)


def test_a_schedule(folder: Path) -> None:
    assert run("snapshot", "schedule", folder) == "no schedule\n"
    run("snapshot", "schedule", folder, "--every", "30m", "--keep", "2d")
    assert run("snapshot", "schedule", folder) == "every 30m, kept for 2d\n"
    run("snapshot", "schedule", folder, "--every", "90m", "--keep", "36h")
    assert run("snapshot", "schedule", folder) == "every 1h30m, kept for 1d12h\n"
    run("snapshot", "schedule", folder, "--off")
    assert "is no time" in run("snapshot", "schedule", folder, "--every", "8 hours", code=2)
    assert "exclude each other" in run("snapshot", "schedule", folder, "--every", "8h", "--off", code=2)


def test_resizes(folder: Path, tmp_path: Path) -> None:
    assert run("resize", folder, "--list") == "2 nodes with 1 slice each (2x1)\n"
    assert "a resize needs a number of nodes" in run("resize", folder, tmp_path / "dw3", code=1)
    run("resize", folder, "--nodes", "2")
    run("resize", folder, tmp_path / "dw3", "--nodes", "3", "--slices-per-node", "1")
    for path, nodes in ((folder, 2), (tmp_path / "dw3", 3)):
        with warehouse.connect(path, nodes=nodes, slices_per_node=1, create=False) as c:
            assert c.execute("select a from t").fetchall() == [(1,)]
    assert "cannot be moved to 7 nodes" in run("resize", folder, "--nodes", "7", code=1)
    assert "name a new folder" in run("resize", folder, "--slices-per-node", "4", code=2)


def test_the_prompts_command(folder: Path) -> None:
    with warehouse.connect(folder, autocommit=True) as c:
        shell = Shell(c, "dw", Look())
        shell.out = io.StringIO()
        for text in ("\\snapshot create monday", "\\snapshot", "\\snapshot delete monday", "\\snapshot"):
            run_command(shell, text)
        told = shell.out.getvalue().splitlines()
        assert told[1].startswith("monday ") and told[2] == "no snapshots"
        with pytest.raises(warehouse.InterfaceError, match="takes create NAME"):
            run_command(shell, "\\snapshot now")
