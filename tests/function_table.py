"""docs/functions.md: every function of the manual and of this engine, whether it can be called, and how.

The names of the manual's pages stand in tests/planner/functions/manual.txt; what the engine knows of them comes
from planner/functions/catalogue.py. Run as a program it prints the page; with --write it writes it.
"""
from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from warehouse.planner.functions.catalogue import REFUSED, Entry, entries

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "tests" / "planner" / "functions" / "manual.txt"
PAGE = ROOT / "docs" / "functions.md"
# Families whose functions come with other parts of the plan: aggregates, windows, and types that are not there.
ELSEWHERE = ("Aggregate", "Window", "HyperLogLog", "Array", "Object", "SUPER type information", "VARBYTE")
HEAD = """# Functions

Every function of the Redshift manual outside spatial functions and machine learning, and how it is called here.
*Leader-only* functions are refused in queries over user tables, as on Redshift. Refused ones give error 0A000 and
their name. In the prompt, `\\df [pattern]` lists the same. Made by `make coverage`; do not edit.
"""


def manual() -> dict[str, list[str]]:
    """Family -> the names of its pages."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in MANUAL.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            family, _, line = line.partition(": ")
            names = found.setdefault(family, [])
        names += [name.replace("_time_", " time ") if name == "at_time_zone" else name for name in line.split()]
    return found


def markdown() -> str:
    """The page."""
    known = entries()
    families = manual()
    listed = {name for names in families.values() for name in names}
    for entry in known.values():
        if entry.name not in listed and entry.family:
            families.setdefault(entry.family, []).append(entry.name)
    count = Counter(known[name].status for name in {n for names in families.values() for n in names} if name in known)
    lines = [HEAD, ", ".join(f"{n} {status}" for status, n in sorted(count.items(), reverse=True)) + ".", ""]
    for family, names in families.items():
        lines += [f"## {family}", "", "| function | status | calls |", "|---|---|---|"]
        lines += [_row(known.get(name), name) for name in sorted(set(names))]
        lines.append("")
    return "\n".join(lines)


def _row(entry: Entry | None, name: str) -> str:
    shown = "`" + name.upper().replace("|", "\\|") + "`"
    if entry is None:
        return f"| {shown} | refused: not yet | |"
    calls = "<br>".join("`" + call.replace("|", "\\|") + "`" for call in entry.calls)
    status = entry.status if entry.status != REFUSED else f"refused: {entry.why}"
    return f"| {shown} | {status} | {calls} |"


def main() -> int:
    parser = argparse.ArgumentParser(description="print docs/functions.md")
    parser.add_argument("--write", action="store_true", help="write it")
    if parser.parse_args().write:
        PAGE.write_text(markdown())
    else:
        print(markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
