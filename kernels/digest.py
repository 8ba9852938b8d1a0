"""What a native function's machine code depends on, as digests: the keys of the kernel pack.

    environment   numba's and llvmlite's versions, Python's, the CPU's name and features, NUMBA_* settings:
                  one pack file per environment
    family        the bytes of a family's source and of every helper module it imports. Cheap (a few
                  milliseconds for all); known to the pack -> its names and keys are known without an import
    function      the syntax tree of one decorated function, of everything undecorated in its module
                  (helpers, loops that make ops) and of the helper modules. Only computed after an edit: it
                  finds the functions whose code is still the same, so that they are not compiled again.
                  Comments do not count.
"""
from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import sys
from functools import cache
from pathlib import Path

from .registry import IMPORTED_AT, family_path

_IMPORTS = re.compile(rb"^\s*from \.(\w*) import (.+)", re.MULTILINE)
_MACHINERY = frozenset(("registry", "memory"))  # imported by families, but no part of native code
# Raised when the way functions are built (build.py) changes what comes out.
_BUILD_VERSION = b"2"


def _hash(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


@cache
def environment() -> str:
    """Digest of the machine and of the compiler."""
    import llvmlite
    import llvmlite.binding as llvm

    found = importlib.util.find_spec("numba")
    version = b""
    if found is not None and found.origin is not None:
        version = (Path(found.origin).parent / "_version.py").read_bytes()
    settings = sorted(f"{key}={value}" for key, value in os.environ.items() if key.startswith("NUMBA_"))
    return _hash(
        _BUILD_VERSION, version, llvmlite.__version__.encode(), repr(sys.version_info[:2]).encode(),
        os.uname().machine.encode(), llvm.get_host_cpu_name().encode(),
        llvm.get_host_cpu_features().flatten().encode(), "\n".join(settings).encode(),
    )


@cache
def _source(module: str) -> bytes:
    return family_path(module).read_bytes()


@cache
def _exists(module: str) -> bool:
    return family_path(module).exists()


@cache
def helpers(module: str) -> tuple[str, ...]:
    """The modules beside it that a module imports, and theirs."""
    found: set[str] = set()
    for name, names in _IMPORTS.findall(_source(module)):
        for candidate in [name] if name else re.findall(rb"\w+", names):
            helper = candidate.decode()
            if helper not in _MACHINERY and _exists(helper):
                found.add(helper)
                found.update(helpers(helper))
    return tuple(sorted(found - {module}))


@cache
def family_digest(family: str) -> str:
    """Digest of a family's source and its helpers' (any byte counts)."""
    return _hash(*(_source(module) for module in (family, *helpers(family))))


def settled(family: str) -> bool:
    """False when a source changed while this process ran: what was imported and what was read here may
    be two things, and what was compiled must not be kept."""
    return all(family_path(module).stat().st_mtime < IMPORTED_AT for module in (family, *helpers(family)))


@cache
def _tree(module: str) -> tuple[dict[str, bytes], bytes]:
    """(decorated function's name -> its code, all other code), both as dumped syntax trees."""
    functions: dict[str, bytes] = {}
    rest: list[str] = []
    for node in ast.parse(_source(module)).body:
        name = _native_name(node)
        if name is not None:
            functions[name] = ast.dump(node).encode()
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            rest.append(ast.dump(node))
    return functions, "\n".join(rest).encode()


def _native_name(node: ast.stmt) -> str | None:
    """The name in @op("name") or @kernel("name", ...), if that is what stands there."""
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id="op" | "kernel"), args=[ast.Constant(value=str(name)), *_]):
                    return name
    return None


@cache
def function_key(name: str, family: str) -> str:
    """The key of one function's machine code within an environment."""
    functions, rest = _tree(family)
    shared = [_tree(module)[1] for module in helpers(family)]
    return _hash(name.encode(), functions.get(name, b""), rest, *shared)
