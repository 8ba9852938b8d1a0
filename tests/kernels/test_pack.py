"""The kernel pack: filled once, used without numba, safe against damage, edits and other processes."""
from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from warehouse.errors import InternalError
from warehouse.kernels import build, digest, linker, objects, pack, packfile, registry
from warehouse.kernels.packfile import Compiled, Contents

_USE = """
import sys
from warehouse.kernels import abi, memory, pack
bits = memory.zeros(64, "uint8")
assert pack.native("not_b")(memory.address(bits), memory.address(bits), 0, 0, 0, 64, 0) == abi.OK
assert bits.all() and pack.native("copy_text")(0, 0, 0) == abi.OK
print(pack._pack.compiled, "numba" in sys.modules)
"""


def use(folder: Path) -> str:
    environment = {**os.environ, "WAREHOUSE_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", _USE], env=environment, cwd=folder, capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def test_a_filled_pack_needs_no_numba(tmp_path: Path) -> None:
    assert use(tmp_path) == "2 True"
    assert use(tmp_path) == "0 False"
    (file,) = tmp_path.glob("*.pack")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert use(tmp_path) == "2 True"
    assert use(tmp_path) == "0 False"


_TOGETHER = """
from warehouse.kernels import pack
pack.WORTH_PROCESSES = 2
print(pack.warmup(None, 2), pack._pack.compiled)
"""


def test_processes_fill_the_pack_together(tmp_path: Path) -> None:
    pack.load()
    full = packfile.read(packfile.folder() / f"kernels-{digest.environment()}.pack")
    keys = pack._pack.all_keys()
    names = sorted(keys)
    small = [name for name in names if name.startswith(("not_", "neg_", "and_", "or_", "add_", "sub_"))]
    own, others = ([name for name in small if names.index(name) % 2 == side][:2] for side in (0, 1))
    gone = own + others
    assert own and others
    for name in gone:
        del full.objects[keys[name]]
    packfile.write(tmp_path / f"kernels-{digest.environment()}.pack", full)
    environment = {**os.environ, "WAREHOUSE_CACHE_DIR": str(tmp_path)}
    for expected in (f"{len(gone)} {len(own)}", "0 0"):
        done = subprocess.run([sys.executable, "-c", _TOGETHER], env=environment, cwd=tmp_path, capture_output=True,
                              text=True, check=True)
        assert done.stdout.strip() == expected


def contents(key: str, family: str = "f", version: str = "v") -> Contents:
    return Contents({family: {version: {key: key}}}, {key: Compiled(key, key.encode() * 9, ("memcpy",))})


def test_file_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    packfile.write(path, contents("one"))
    packfile.write(path, contents("two", version="w"))
    found = packfile.read(path)
    assert found.families == {"f": {"v": {"one": "one"}, "w": {"two": "two"}}}
    assert found.objects["two"] == Compiled("two", b"two" * 9, ("memcpy",))
    assert not [p for p in tmp_path.iterdir() if p.suffix not in (".pack", ".lock")]


def test_damage_is_an_empty_pack(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    packfile.write(path, contents("one"))
    good = path.read_bytes()
    for bad in (b"", good[:20], good[:-1], good + b"x", b"X" + good[1:], good[:60] + b"\0" + good[61:]):
        path.write_bytes(bad)
        assert packfile.read(path) == Contents()
    assert packfile.read(tmp_path / "none.pack") == Contents()


def test_old_versions_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    for i in range(8):
        packfile.write(path, contents(f"key{i}", version=f"v{i}"))
    found = packfile.read(path)
    assert list(found.families["f"]) == ["v4", "v5", "v6", "v7"]
    assert sorted(found.objects) == ["key4", "key5", "key6", "key7"]


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    threads = [
        threading.Thread(target=packfile.write, args=(path, contents(f"key{i}", family=f"f{i}"))) for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(packfile.read(path).objects) == 8


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_CACHE_DIR", str(tmp_path / "chosen"))
    assert packfile.writable_folder() == tmp_path / "chosen"
    monkeypatch.delenv("WAREHOUSE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert packfile.folder() == tmp_path / "warehouse-sql"
    monkeypatch.setenv("WAREHOUSE_CACHE_DIR", "/dev/null/nowhere")
    temporary = packfile.writable_folder()
    assert temporary.is_dir()
    assert temporary != packfile.folder()


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Family sources in a folder of their own."""
    cached = (digest._source, digest._exists, digest.helpers, digest.family_digest, digest._tree, digest.function_key)
    monkeypatch.setattr(digest, "family_path", lambda family: tmp_path / f"{family}.py")

    def clear() -> None:
        for function in cached:
            function.cache_clear()

    clear()
    yield tmp_path
    clear()


_FAMILY = '''
from .registry import op
from .helper import twice

@op("first")
def first(out, a, b, c, k, n, frame):
    return {first}

@op("second")
def second(out, a, b, c, k, n, frame):
    return twice(1)

{rest}
'''


def keys(
    folder: Path, first: str = "1", rest: str = "", helper: str = "def twice(x): return x",
) -> tuple[str, str, str]:
    (folder / "family.py").write_text(_FAMILY.format(first=first, rest=rest))
    (folder / "helper.py").write_text(helper)
    for function in (digest._source, digest.helpers, digest.family_digest, digest._tree, digest.function_key):
        function.cache_clear()
    assert digest.helpers("family") == ("helper",)
    return (digest.family_digest("family"), digest.function_key("first", "family"),
            digest.function_key("second", "family"))


def test_only_what_an_edit_touches_is_compiled_again(sources: Path) -> None:
    before = keys(sources)
    assert keys(sources) == before
    function = keys(sources, first="2")
    assert [x == y for x, y in zip(function, before)] == [False, False, True]
    comment = keys(sources, rest="# a comment")
    assert [x == y for x, y in zip(comment, before)] == [False, True, True]
    constant = keys(sources, rest="LIMIT = 3")
    assert [x == y for x, y in zip(constant, before)] == [False, False, False]
    helper = keys(sources, helper="def twice(x): return 2 * x")
    assert [x == y for x, y in zip(helper, before)] == [False, False, False]


def test_sources_that_change_under_a_process_are_not_settled(sources: Path) -> None:
    keys(sources)
    assert not digest.settled("family")
    for name in ("family.py", "helper.py"):
        os.utime(sources / name, (1, 1))
    assert digest.settled("family")


def test_unknown_names() -> None:
    with pytest.raises(InternalError, match="no native function 'frobnicate'"):
        pack.address("frobnicate")


def test_the_list_of_functions() -> None:
    names = pack.names()
    assert set(registry.ALIASES.values()) <= set(names)
    assert not set(registry.ALIASES) & set(names)
    assert pack.address("mask_f64") == pack.address("mask_i64")


def spec(name: str, function: Any) -> registry.Spec:
    function.__name__ = function.__qualname__ = name
    return registry.Spec(name, 1, function, "tests")


def test_objects_need_no_python() -> None:
    """What the pack holds needs nothing of Python or numba; what would is refused when compiled."""
    for compiled in pack._pack._contents.objects.values():
        linker.refuse(compiled)
    code = build.compile_function(spec("allocating", _allocating))
    needs = objects.undefined_symbols(code)
    assert any(s.startswith("NRT_") for s in needs)
    with pytest.raises(InternalError, match="must not need Python"):
        linker.refuse(Compiled("allocating", code, needs))
    with pytest.raises(InternalError, match="not in this process"):
        linker.refuse(Compiled("x", b"", ("no_such_symbol_anywhere",)))


def _allocating(n):  # type: ignore[no-untyped-def]
    x = np.zeros(n, np.int64)
    for i in range(n):
        x[i] = i * n
    return x[n // 2]


def test_an_exception_in_native_code_is_a_status() -> None:
    code = build.compile_function(spec("raising", _raising))
    compiled = Compiled("raising", code, objects.undefined_symbols(code))
    linker.refuse(compiled)
    ours = linker.Linker()  # LLVM's functions live as long as it
    function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(ours.add({"raising": compiled})["raising"])
    assert function(1) == 2
    assert function(7) == build.BROKEN


def _raising(n):  # type: ignore[no-untyped-def]
    if n > 5:
        raise ValueError("too large")
    return n + 1
