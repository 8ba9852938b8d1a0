"""The command line: forms, streams, exit codes, order of -c and -f, variables; the prompt on a pipe."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from warehouse import __version__, connect
from warehouse.client import cli, render
from warehouse.client.repl.describe import Pattern, type_name
from warehouse.client.repl.meta import COMMANDS
from warehouse.client.repl.shell import Shell

COMMAND = [sys.executable, "-m", "warehouse.client.cli"]
SETUP = "create table t (a integer, b varchar(10)); insert into t values (1, 'one'), (2, 'two');"


def run(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=cwd, timeout=120
    )


def test_help_and_version() -> None:
    done = run("--help")
    assert done.returncode == 0 and "Examples:" in done.stdout and "ON_ERROR_STOP" in done.stdout
    assert __version__ in run("--version").stdout
    assert "kernel" in run("warmup", "--help").stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, warehouse.client.cli as c\n"
        "with contextlib.suppress(SystemExit): c.sql.main(['--help'])\n"
        "print([m for m in ('numpy', 'pyarrow', 'prompt_toolkit', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_results_on_stdout_and_the_rest_on_stderr() -> None:
    done = run("--csv", "-c", SETUP + "select * from t order by a", "-c", "\\timing", "-c", "select 1 as x")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "a,b\n1,one\n2,two\nx\n1\n"
    told = done.stderr.splitlines()
    assert told[:3] == ["CREATE TABLE", "INSERT 0 2", "Timing is on."]
    assert re.fullmatch(r"Time: [\d,.]+ ms", told[3])
    assert "\x1b" not in done.stdout + done.stderr


def test_formats_and_the_order_of_actions(tmp_path: Path) -> None:
    script = tmp_path / "two.sql"
    script.write_text("select 2 as n;\n\\echo from the script\n")
    done = run("--format", "jsonl", "-c", "select 1 as n", "-f", str(script), "-c", "select 3 as n")
    assert done.stdout.splitlines() == ['{"n": 1}', '{"n": 2}', "from the script", '{"n": 3}']
    done = run("-t", "--csv", stdin="select 1;\nselect 2")
    assert done.stdout == "1\n2\n" and done.returncode == 0


def test_exit_codes(tmp_path: Path) -> None:
    script = tmp_path / "bad.sql"
    script.write_text("select 1 as before;\n\nselect nope;\nselect 2 as behind;\n")
    assert run("-c", "select nope").returncode == 1
    going_on = run("-f", str(script))
    assert going_on.returncode == 0 and "behind" in going_on.stdout
    stopped = run("-f", str(script), "-v", "ON_ERROR_STOP=1")
    assert stopped.returncode == 3 and "behind" not in stopped.stdout
    assert re.search(r"bad\.sql:3: ERROR: ", stopped.stderr)
    assert run(str(tmp_path / "none"), "--no-create", "-c", "select 1").returncode == 2
    assert run("--nonsense").returncode == 2


def test_errors_have_a_caret_and_a_hint() -> None:
    done = run("-c", "create table customers (name integer);\nselect\n  nmae from customers")
    lines = done.stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("LINE 2:"))
    assert lines[at][lines[at + 1].index("^") :].startswith("nmae")
    assert any(line.startswith("HINT:") and "name" in line for line in lines)


def test_variables_and_output_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run(
        "--csv",
        "-o",
        str(out),
        "-v",
        "day=2024-01-31",
        "-v",
        "n=7",
        "-c",
        "select :'day' as d, :n as n",
        "-c",
        "\\set n 8",
        "-c",
        "select :n as n",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and out.read_text() == "d,n\n2024-01-31,7\nn\n8\n"


def test_a_database_folder_keeps_its_rows_and_topology(tmp_path: Path) -> None:
    place = str(tmp_path / "dw")
    assert run(place, "--nodes", "2", "--slices", "2", "-c", SETUP).returncode == 0
    done = run(place, "--csv", "-c", "select sum(a) as s from t", "-c", "\\conninfo")
    assert done.stdout == "s\n3\n" and "2 node(s), 4 slice(s)" in done.stderr
    other = run(place, "--nodes", "3", "--slices", "2", "-c", "select 1")
    assert other.returncode == 2 and "ERROR" not in other.stdout


def test_describe() -> None:
    table = (
        "create table sales (id bigint not null encode az64 distkey, day date encode zstd,"
        " note varchar(10) default 'x') sortkey(day);"
    )
    done = run("-c", table + "create view v as select id from sales", "-c", "\\d sales", "-c", "\\dt", "-c", "\\dv")
    assert done.returncode == 0, done.stderr
    assert 'Table "public.sales"' in done.stdout
    assert "DISTSTYLE KEY DISTKEY(id)" in done.stdout and "SORTKEY(day)" in done.stdout
    for column in ("encode", "distkey", "sortkey"):
        assert column in done.stdout
    assert re.search(r"│ id +│ bigint +│ not null │ +│ az64 +│ DISTKEY │ +│", done.stdout)
    assert re.search(r"│ day +│ date +│ +│ +│ zstd +│ +│ 1 +│", done.stdout)
    assert "table" in done.stdout and "view" in done.stdout
    missing = run("-c", "\\d nothing")
    assert missing.returncode == 1 and "nothing" in missing.stderr


def test_system_tables_can_be_described() -> None:
    done = run("-c", "\\d pg_table_def", "-c", "\\dn", "-c", "\\l")
    assert done.returncode == 0, done.stderr
    assert "tablename" in done.stdout and "public" in done.stdout and "dev" in done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(connect(":memory:", autocommit=True), ":memory:")
    shell.out = open(tmp_path / "out", "w+")  # noqa: SIM115
    return shell


def output(shell: Shell) -> str:
    shell.out.seek(0)
    return shell.out.read()


def test_commands(shell: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with shell.connection:
        assert shell.run_text("\\x on\nselect 1 as one;\n\\x off\n\\pset null nil\nselect null as n;\n\\?")
        text = output(shell)
        assert "one │ 1" in text and "│ nil" in text
        assert all(f"\\{name}" in text for name in COMMANDS)
        assert not shell.run_text("\\nonsense")
        assert "invalid command \\nonsense" in capsys.readouterr().err
        inner = tmp_path / "inner.sql"
        inner.write_text(f"\\echo deep\n\\i {inner}\n")
        shell.run_text(f"\\i {inner}")
        assert "too deeply" in capsys.readouterr().err
        assert shell.run_text("\\q\nselect 5") and shell.done
    shell.out.close()


def test_a_defect_does_not_end_the_shell(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell.connection, monkeypatch.context() as patch:
        patch.setattr(render, "write", lambda *_: 1 // 0)
        assert not shell.run_text("select 1")
        assert "ZeroDivisionError" in capsys.readouterr().err
    shell.out.close()


def test_patterns_and_types() -> None:
    assert Pattern.of("Sales*").fits("public", "sales_2024")
    assert Pattern.of('"Sales"').fits("x", "Sales") and not Pattern.of('"Sales"').fits("x", "sales")
    assert Pattern.of("a.b?").fits("a", "b1") and not Pattern.of("a.b?").fits("c", "b1")
    assert not Pattern.of("a.b").fits("a", "bc")
    assert type_name(1700, (12 << 16 | 2) + 4) == "numeric(12,2)" and type_name(1043, 44) == "varchar(40)"


def test_the_formats_offered_are_those_there_are() -> None:
    assert sorted(cli.FORMATS) == sorted(render.FORMATS)


def test_warmup_finds_nothing_left() -> None:
    """A second warmup compiles nothing; the first is what `make test` starts with."""
    subprocess.run([*COMMAND, "warmup", "--quiet"], check=True, capture_output=True)
    done = run("warmup")
    assert done.returncode == 0 and "there already" in done.stderr


def test_a_closed_pipe_is_no_error() -> None:
    ours = shlex.join([*COMMAND, "--csv", "-c", "select * from pg_type", "-c", "select 1"])
    done = subprocess.run(["sh", "-c", f"{ours} | head -1"], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr and done.stdout.count("\n") == 1


def test_json_is_json() -> None:
    done = run("--format", "json", "-c", "select 1 as a, null as b, 1.50 as c, true as d")
    assert json.loads(done.stdout) == [{"a": 1, "b": None, "c": 1.5, "d": True}]


def test_environment_is_not_needed() -> None:
    bare = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")}
    done = subprocess.run([*COMMAND, "-c", "select 1"], capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 0, done.stderr
