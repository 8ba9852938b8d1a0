"""The house: make's targets, golden files, the demo and the benchmark on little data."""
from __future__ import annotations

import subprocess
from pathlib import Path

import golden_files
import pytest
from warehouse.bench import demo, report, runner, small
from warehouse.bench.demo_kernels import KERNELS
from warehouse.bench.tpch import TPCH
from warehouse.kernels import pack, registry

ROOT = Path(__file__).resolve().parent.parent


def test_make_lists_its_targets() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "lint", "typecheck", "bench", "golden", "warmup"):
        assert f"make {target} " in done.stdout


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111 and "make test" in script.read_text()


def test_golden_files_are_compared_and_rewritten(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no golden file"):
        golden_files.check(tmp_path, "plan.txt", "one", update=False)
    golden_files.check(tmp_path, "plan.txt", "one", update=True)
    golden_files.check(tmp_path, "plan.txt", "one\n", update=False)
    with pytest.raises(AssertionError, match="differs"):
        golden_files.check(tmp_path, "plan.txt", "two", update=False)


def test_the_demo_names_kernels_that_there_are() -> None:
    assert set(KERNELS) <= {*pack.names(), *registry.ALIASES}


def test_demo(capsys: pytest.CaptureFixture[str]) -> None:
    demo.main(0.01, threads=2, nodes=2, slices=2)
    text = capsys.readouterr().out
    assert "All 22 answers are right" in text
    assert "DS_DIST_NONE" in text and "bytes moved=" in text
    assert all(f"q{n:02} right" in text for n in range(1, 23))


def test_bench() -> None:
    result = runner.measure(runner.Plan("tpch", 0.01, ("demo",), ("q06",), runs=1, first=False))
    result["small"] = small.measure(cycles=2, processes=1)
    text = "\n".join(report.lines(result))
    for part in ("q06", "**total**", "load from Parquet", "bytes on disk", "three-table join"):
        assert part in text


def test_a_wrong_answer_ends_the_benchmark() -> None:
    class Wrong:
        name = "wrong"

        def __init__(self, count: int) -> None:
            self.count = count

        def run(self, sql: str) -> object:
            import pyarrow as pa

            return pa.table({"revenue": [self.count]})

        def close(self) -> None:
            pass

    runner.check_answer(TPCH, [Wrong(1), Wrong(1)], "q06", 1.0)
    with pytest.raises(SystemExit, match="wrong answer"):
        runner.check_answer(TPCH, [Wrong(1), Wrong(2)], "q06", 1.0)
