"""Which functions lack a case among the .slt scripts: a call of each signature, one with a NULL, one that errs.

    PYTHONPATH=.:tests python tests/function_cases.py        (runs the scripts and prints what is missing)

The binder tells which signature each call took, so that a signature counts as tried when a query that succeeded used
it. A NULL counts where it is written as an argument, or comes out of a column of a table with NULLs (`null` in the
script's text). An error counts where the statement that errs calls the function.
"""
from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from slt import runner
from warehouse.planner import functions
from warehouse.planner.binder import calls
from warehouse.planner.functions.catalogue import SUPPORTED, call_text, entries

HERE = Path(__file__).parent / "slt"


class Tried:
    """What the scripts have called, by name."""

    def __init__(self) -> None:
        self.signatures: dict[str, set[str]] = defaultdict(set)
        self.now: list[tuple[str, str]] = []
        self.nulls: set[str] = set()
        self.errors: set[str] = set()

    def watch(self) -> None:
        """Note each call that is bound from now on."""
        original = calls.call

        def noted(e: Any, name: str, args: list[Any], span: Any, part: str = "") -> Any:
            types = [a.type for a in args]
            fitting = [
                (sum(a.kind is not t.kind for a, t in zip(types, targets)), i, s)
                for i, s in enumerate(functions.resolve(name)) if (targets := s.targets(types)) is not None
            ]
            if fitting:
                self.now.append((name, call_text(name, min(fitting, key=lambda f: f[:2])[2])))
            return original(e, name, args, span, part)

        calls.call = noted

    def run(self, script: Path) -> None:
        records = list(runner.read(script))
        has_nulls = any(re.search(r"\bnull\b", r.sql, re.I) for r in records)
        check = runner.check

        def checked(connection: Any, record: runner.Record) -> None:
            self.now.clear()
            check(connection, record)
            names = set(re.findall(r"([a-z_][a-z0-9_]*)\s*\(", record.sql.lower()))
            if record.head[:2] == ["statement", "error"]:
                self.errors |= names
                return
            for name, text in self.now:
                self.signatures[name].add(text)
            if has_nulls and ("null" in record.sql.lower() or "NULL" in "\t".join(record.expected)):
                self.nulls |= names

        runner.check = checked
        try:
            runner.run(script)
        finally:
            runner.check = check


def main() -> int:
    tried = Tried()
    tried.watch()
    wanted = [HERE / name for name in sys.argv[1:]] or sorted(HERE.rglob("*.slt"))
    for script in wanted:
        tried.run(script)
    for entry in sorted(entries().values(), key=lambda e: (e.family, e.name)):
        if entry.status != SUPPORTED or not re.fullmatch(r"[a-z_0-9]+", entry.name):
            continue
        lacks = [f"call {call}" for call in entry.calls
                 if functions.resolve(entry.name) and call not in tried.signatures[entry.name]]
        lacks += ["null"] * (entry.name not in tried.nulls) + ["error"] * (entry.name not in tried.errors)
        if lacks:
            print(f"{entry.family}: {entry.name}: {'; '.join(lacks)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
