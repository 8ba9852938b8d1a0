"""docs/coverage.toml and the README's support table: they agree, and an unproven row is found."""
from __future__ import annotations

import pytest
import support_table
from support_table import Row


def test_readme_holds_the_generated_table() -> None:
    table = support_table.markdown(support_table.load())
    assert support_table.readme_with(table) == support_table.README.read_text(), "run `make coverage`"


def test_a_row_without_a_passing_test_is_found() -> None:
    rows = [
        Row("proved", 1, "clause", "supported", "tests/a.py::test_one"),
        Row("proved by a parameter", 1, "clause", "refused", "tests/a.py::test_many[x]"),
        Row("proved by any parameter", 1, "clause", "supported", "tests/a.py::test_many"),
        Row("claimed", 1, "clause", "supported", "tests/a.py::test_gone"),
        Row("to come", 2, "clause", "missing"),
    ]
    complaints = support_table.unproven(rows, {"tests/a.py::test_one", "tests/a.py::test_many[x]"})
    assert [line.partition(" ")[0] for line in complaints] == ["claimed"]


def test_a_status_needs_its_test() -> None:
    with pytest.raises(ValueError, match="a test if and only if"):
        Row("claimed", 1, "clause", "supported")
    with pytest.raises(ValueError, match="bad kind"):
        Row("odd", 1, "thing", "missing")
