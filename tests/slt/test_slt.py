"""Every .slt script below this folder; its name says which feature it proves."""
from __future__ import annotations

from pathlib import Path

import pytest
from slt import runner

HERE = Path(__file__).parent
SCRIPTS = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*.slt"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_script(script: str) -> None:
    runner.run(HERE / script)


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    for text in (
        "query I\nselect 1\n----\n2\n",
        "query T\nselect 1\n----\n1\n",
        "statement error\nselect 1\n",
        "statement error 42601 .\nselect * from missing_table\n",
        "query I\nselect 1 union all select 2\n----\n1\n",
    ):
        path = tmp_path / "wrong.slt"
        path.write_text(text)
        with pytest.raises(AssertionError):
            runner.run(path)
