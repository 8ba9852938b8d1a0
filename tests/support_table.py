"""docs/coverage.toml: what is supported, what is refused, what is missing, and the test that proves it.

One [[row]] per clause, function, statement and system table:

    [[row]]
    name = "SELECT DISTINCT"
    issue = 1                      # the part of the plan that asks for it, 1 to 5
    kind = "clause"                # clause, statement, function, type, table, feature
    status = "supported"           # supported, refused or missing
    test = "tests/slt/test_slt.py::test_script[select/distinct.slt]"
    note = ""                      # optional, for readers

`unproven` is the check at the end of a whole test run. Run as a program it prints the support table;
with --write it puts it between the markers in README.md. A test holds README.md to it.
"""
from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COVERAGE = ROOT / "docs" / "coverage.toml"
README = ROOT / "README.md"
BEGIN, END = "<!-- support table: begin -->", "<!-- support table: end -->"

KINDS = {
    "statement": "Statements",
    "clause": "Clauses and expressions",
    "type": "Types and encodings",
    "function": "Functions",
    "table": "System tables",
    "feature": "Around them",
}
STATUSES = ("supported", "refused", "missing")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    issue: int
    kind: str
    status: str
    test: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.status not in STATUSES or not 1 <= self.issue <= 5:
            raise ValueError(f"docs/coverage.toml: row {self.name!r} has a bad kind, status or issue")
        if (self.status == "missing") == bool(self.test):
            raise ValueError(f"docs/coverage.toml: row {self.name!r}: a test if and only if not missing")


def load(path: Path = COVERAGE) -> list[Row]:
    """All rows, checked."""
    rows = [Row(**row) for row in tomllib.loads(path.read_text())["row"]]
    twice = [key for key, count in Counter((r.kind, r.name) for r in rows).items() if count > 1]
    if twice:
        raise ValueError(f"docs/coverage.toml: rows stand twice: {twice}")
    return rows


def unproven(rows: Iterable[Row], passed: Iterable[str]) -> list[str]:
    """One line for each supported or refused row whose test did not run and pass.

    A row may name a test function; then any of its parameters proves it.
    """
    proofs = set(passed)
    proofs |= {test.partition("[")[0] for test in proofs}
    return [
        f"{row.name} ({row.status}): no such test passed: {row.test}"
        for row in rows
        if row.status != "missing" and row.test not in proofs
    ]


def markdown(rows: Iterable[Row]) -> str:
    """The support table: counts, then one paragraph per kind and status."""
    rows = list(rows)
    lines = ["| | supported | refused by name | missing so far |", "|---|---:|---:|---:|"]
    for kind, title in KINDS.items():
        count = Counter(row.status for row in rows if row.kind == kind)
        lines.append(f"| {title} | {count['supported']} | {count['refused']} | {count['missing']} |")
    for kind, title in KINDS.items():
        mine = sorted((r for r in rows if r.kind == kind), key=lambda r: (STATUSES.index(r.status), r.name))
        lines += ["", f"**{title}**"]
        for status, group in groupby(mine, key=lambda r: r.status):
            lines += ["", f"- *{status}*: " + ", ".join(_shown(row) for row in group)]
    return "\n".join(lines)


def _shown(row: Row) -> str:
    name = f"`{row.name}`" if row.kind in ("function", "table") else row.name
    return f"{name} ({row.note})" if row.note and row.status != "missing" else name


def readme_with(table: str) -> str:
    """README.md's text with the table between its markers."""
    text = README.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    if not tail:
        raise ValueError(f"README.md lacks the markers {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"


def main() -> int:
    parser = argparse.ArgumentParser(description="print the support table of docs/coverage.toml")
    parser.add_argument("--write", action="store_true", help="write it into README.md")
    table = markdown(load())
    if parser.parse_args().write:
        README.write_text(readme_with(table))
    else:
        print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
