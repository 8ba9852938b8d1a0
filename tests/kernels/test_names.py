"""The set of native functions is closed and small, and each has a user.

A name is used when it stands in a string of engine/, storage/ or the part of kernels/ that calls native code
(the families' own modules only define), or when it is put together from parts at a place listed in BUILT. A
template there is the f-string as it stands in the file, each {} filled with one of the words given for it.
"""
from __future__ import annotations

import ast
import itertools
from functools import cache
from pathlib import Path

import pytest
from warehouse.kernels import pack, registry
from warehouse.planner.functions import KEYS

ROOT = Path(registry.__file__).parents[1]
LIMIT = 350

CLASSES = "i64 f64 bool i128 str"
COMPARISONS = "eq ne lt le gt ge"
SUMS = "add sub mul"
TIME = ("hour", "minute", "second", "millisecond", "microsecond")  # of a DATE the planner asks none of these


def parts(prefix: str, unit: str) -> str:
    found = {key.removeprefix(prefix) for key in KEYS if key.startswith(prefix)}
    return " ".join(sorted(found if unit == "ts" else found.difference(TIME)))


# File, template, then the words for each {}.
BUILT: tuple[tuple[str, ...], ...] = (
    ("engine/compile/comparisons.py", "{}_i128", COMPARISONS),
    ("engine/compile/comparisons.py", "{}_i64_k", COMPARISONS),
    ("engine/compile/comparisons.py", "{}_f64_k", COMPARISONS),
    ("engine/compile/comparisons.py", "{}_{}", COMPARISONS, "i64 f64 bool"),
    ("engine/compile/numeric.py", "{}_i64", SUMS),
    ("engine/compile/numeric.py", "{}_i64_checked", SUMS),
    ("engine/compile/numeric.py", "{}_i128", SUMS),
    ("engine/compile/numeric.py", "mod_{}", "i64 i128"),
    ("engine/compile/numeric.py", "rescale_{}_i64", "down trunc"),
    ("engine/compile/numeric.py", "rescale_{}_i128", "down trunc"),
    ("engine/compile/numeric.py", "mask_{}", CLASSES),
    ("engine/compile/functions.py", "abs_{}", "i64 i128"),
    ("engine/compile/functions.py", "sign_{}", "i64 i128"),
    ("engine/compile/functions.py", "{}_k", "date_add_months ts_add_months"),
    ("engine/compile/functions.py", "extract_{}_{}", parts("extract_", "date"), "date"),
    ("engine/compile/functions.py", "extract_{}_{}", parts("extract_", "ts"), "ts"),
    ("engine/compile/functions.py", "date_trunc_{}_{}", parts("date_trunc_", "date").replace("day ", ""), "date"),
    ("engine/compile/functions.py", "date_trunc_{}_{}", parts("date_trunc_", "ts"), "ts"),
    ("engine/compile/functions.py", "datediff_{}_date", "year quarter month week"),
    ("engine/compile/expressions.py", "select_{}", CLASSES),
    ("engine/compile/batch.py", "{}_{}", "load chunk", CLASSES),
    ("engine/compile/batch.py", "fetch_{}", CLASSES),
    ("engine/compile/batch.py", "fetch_chunk_{}", CLASSES),
    ("engine/compile/batch.py", "gather_{}", CLASSES),
    ("engine/sinks.py", "append_{}", CLASSES),
    ("kernels/hashing.py", "hash_{}", CLASSES),
    ("kernels/windows.py", "window_reach_{}", "i64 f64"),
    ("kernels/accumulators.py", "agg_minmax_{}", CLASSES),
    ("kernels/group_table.py", "group_{}", "single dense generic"),
    ("kernels/windows.py", "window_changes_{}", CLASSES),
    ("kernels/windows.py", "window_expand_{}", "i64 bool i128"),
    ("kernels/windows.py", "window_{}", "row_number rank dense_rank percent_rank cume_dist"),
    ("kernels/join_table.py", "lookup_{}", "array runs hash generic"),
)


@cache
def strings(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The plain strings of a file, and its f-strings with {} for what is filled in."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    made = {"".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in n.values)
            for n in nodes if isinstance(n, ast.JoinedStr)}
    return frozenset(plain), frozenset(made)


def quoted() -> set[str]:
    defining = {*registry.FAMILIES, "registry"}
    files = [p for folder in ("engine", "storage") for p in (ROOT / folder).rglob("*.py")]
    files += [p for p in (ROOT / "kernels").glob("*.py") if p.stem not in defining]
    return {text for path in files for text in strings(path)[0]}


def filled(template: str, *words: str) -> list[str]:
    return [template.replace("{}", "%s") % choice for choice in itertools.product(*(w.split() for w in words))]


@pytest.mark.parametrize(("file", "template", "words"), [(f, t, w) for f, t, *w in BUILT])
def test_built_names_are_there(file: str, template: str, words: list[str]) -> None:
    assert template in strings(ROOT / file)[1]
    known = {*pack.names(), *registry.ALIASES}
    assert [name for name in filled(template, *words) if name not in known] == []


def test_every_name_is_used() -> None:
    used = quoted() | {name for _, template, *words in BUILT for name in filled(template, *words)}
    assert sorted(set(registry.ALIASES) - used) == []
    used |= {registry.ALIASES[name] for name in used if name in registry.ALIASES}
    assert sorted(set(pack.names()) - used) == []


def test_the_set_is_small() -> None:
    assert len(pack.names()) < LIMIT
