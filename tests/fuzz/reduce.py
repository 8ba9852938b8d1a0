"""Make a failing query smaller: leave out clauses and list members, put an argument in its parent's place, a
literal in a value's place, as long as `fails` still says that it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .literals import TYPES
from .nodes import EMPTY, Node, value

SIMPLE = {
    "int": "1",
    "dec": "1.50",
    "flt": "cast(0.5 as double precision)",
    "text": "'a'",
    "date": "date '2000-01-01'",
    "ts": "timestamp '2000-01-01'",
    "bool": "true",
}


def reduced(node: Node, fails: Callable[[Node], bool], attempts: int = 400) -> Node:
    """The smallest failing query that greedy steps find."""
    while attempts > 0:
        for smaller in sorted(steps(node), key=lambda n: n.size):
            attempts -= 1
            if fails(smaller):
                node = smaller
                break
            if attempts <= 0:
                break
        else:
            break
    return node


def steps(node: Node) -> Iterator[Node]:
    """Every tree that is one step smaller."""
    yield from _here(node)
    for i, arg in enumerate(node.args):
        for smaller in steps(arg):
            yield replace(node, args=(*node.args[:i], smaller, *node.args[i + 1 :]))


def _here(node: Node) -> Iterator[Node]:
    if node.sort == "clause":
        if node != EMPTY:
            yield EMPTY
        return
    if node.glue is not None:
        if len(node.args) > node.least:
            for i in range(len(node.args)):
                yield replace(node, args=node.args[:i] + node.args[i + 1 :])
        return
    yield from _same_sort(node, node.sort)
    if node.sort in SIMPLE and node.ours != SIMPLE[node.sort]:
        yield value(TYPES[node.sort], SIMPLE[node.sort])


def _same_sort(node: Node, sort: str) -> Iterator[Node]:
    """Nearest nodes below that may take a node's place."""
    for arg in node.args:
        if arg.sort == sort or (sort == "from" and arg.sort == "from1"):
            yield arg
        else:
            yield from _same_sort(arg, sort)
