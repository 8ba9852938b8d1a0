"""super_path_str against json and Python's indexing."""
from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from support_kernels import Run, texts_of, views
from warehouse.kernels import abi
from warehouse.kernels.document_blocks import make_path

_SOURCE = random.Random(3)
NAMES = ["a", "b", "é", 'q"', "a,]", ""]


def document(depth: int) -> Any:
    kind = _SOURCE.choice(["list", "dict", "scalar"]) if depth else "scalar"
    if kind == "list":
        return [document(depth - 1) for _ in range(_SOURCE.randrange(4))]
    if kind == "dict":
        return {k: document(depth - 1) for k in _SOURCE.sample(NAMES, _SOURCE.randrange(5))}
    return _SOURCE.choice([1, -2, None, True, False, "", 'x"\\', "{[,", "ü]}"])


DOCUMENTS = [document(4) for _ in range(400)]
TEXTS = [json.dumps(d, ensure_ascii=False, separators=(",", ":")) for d in DOCUMENTS]
PATHS: list[list[str | int]] = [
    [], ["a"], ["é"], ['q"'], ["a,]"], [""], [0], [1], [-1], [1 << 50], ["a", 0], ["a", "b"], [0, "a"], [1, 1, "b"],
    ["b", "a", 0, "a"], ["a", 2, 0], ["none"],
]


def followed(value: Any, path: list[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and 0 <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def run(texts: list[bytes], path: list[str | int]) -> list[bytes]:
    call = Run()
    out = call.out(2 * len(texts), np.int64)
    steps = [s if isinstance(s, int) else json.dumps(s, ensure_ascii=False).encode() for s in path]
    assert call.call("super_path_str", out, views(texts), k=make_path(steps), n=len(texts)) == abi.OK
    return texts_of(out)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_paths(path: list[str | int]) -> None:
    want = [followed(d, path) for d in DOCUMENTS]
    got = run([t.encode() for t in TEXTS], path)
    assert [None if not t else json.loads(t) for t in got] == want


def test_null_rows_and_texts_cut_short_lead_nowhere_else() -> None:
    whole = b'{"a":[1,{"b":"x\\"y"}],"c":2}'
    cut = [whole[:n] for n in range(len(whole) + 1)]
    for path in (["a", 1, "b"], ["c"], ["a", 0], [0]):
        for text, part in zip(cut, run(cut, path), strict=True):
            assert part in text
    assert run([b"", whole], ["c"]) == [b"", b"2"]
