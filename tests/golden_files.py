"""Golden files: text kept beside the tests; a change in one is read like code."""
from __future__ import annotations

from pathlib import Path


def check(folder: Path, name: str, text: str, update: bool) -> None:
    """`text` must be what golden file `name` says; with `update`, the file is written instead."""
    path = folder / name
    text = text.rstrip("\n") + "\n"
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return
    assert path.exists(), f"{path.name}: no golden file yet; `make golden` writes it"
    assert text == path.read_text(), f"{path.name} differs; `make golden` rewrites it"
