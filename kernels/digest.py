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
import time
from functools import cache
from pathlib import Path

from .registry import FAMILIES, IMPORTED_AT, families, family_path
from .remembered import remembered

_IMPORTS = re.compile(rb"^\s*from \.(\w*) import (.+)", re.MULTILINE)
_MACHINERY = frozenset(("registry", "memory"))  # imported by families, but no part of native code
# Raised when the way functions are built (build.py) changes what comes out.
_BUILD_VERSION = b"2"
# Of /proc/cpuinfo: what tells one kind of processor from another.
_TELLING = (b"vendor_id", b"cpu family", b"model", b"stepping", b"flags")
_JUST_NOW = 2_000_000_000  # nanoseconds: a change within one tick of the file system's clock shows in no time


def _hash(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


@cache
def environment() -> str:
    """Digest of the machine and of the compiler."""
    processor = _processor()
    if processor is None:
        return _environment()
    facts = _hash(_BUILD_VERSION, _version("numba"), _version("llvmlite"), *_surroundings(), processor)
    return remembered("machine", facts, lambda: {"environment": _environment()})["environment"]


def _environment() -> str:
    """By what LLVM says of the processor; loading its library takes a while."""
    import llvmlite
    import llvmlite.binding as llvm

    python, machine, settings = _surroundings()
    return _hash(
        _BUILD_VERSION, _version("numba"), llvmlite.__version__.encode(), python, machine,
        llvm.get_host_cpu_name().encode(), llvm.get_host_cpu_features().flatten().encode(), settings,
    )


def _surroundings() -> tuple[bytes, bytes, bytes]:
    settings = sorted(f"{key}={value}" for key, value in os.environ.items() if key.startswith("NUMBA_"))
    return repr(sys.version_info[:2]).encode(), os.uname().machine.encode(), "\n".join(settings).encode()


def _version(package: str) -> bytes:
    """The bytes of a package's file of its version, which need no import of it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return b""
    return (Path(found.origin).parent / "_version.py").read_bytes()


def _processor() -> bytes | None:
    """What Linux says of the first processor where LLVM would ask the processor itself; None elsewhere."""
    try:
        with open("/proc/cpuinfo", "rb") as file:
            first = file.read(16384).partition(b"\n\n")[0]
    except OSError:
        return None
    lines = [line for line in first.splitlines() if line.startswith(_TELLING)]
    return b"\n".join(lines) if any(line.startswith(b"flags") for line in lines) else None


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


@cache
def family_digests() -> dict[str, str]:
    """The digests of all families. Like Python's own compiled files they are taken as they were for sources of
    the same sizes and times of change; sources that were changed just now are read whatever is remembered."""
    with os.scandir(family_path(FAMILIES[0]).parent) as entries:
        sources = sorted((e.path, e.stat().st_mtime_ns, e.stat().st_size) for e in entries if e.name.endswith(".py"))
    if max(changed for _, changed, _ in sources) > time.time_ns() - _JUST_NOW:
        return _family_digests()
    return remembered("sources", _hash(repr(sources).encode()), _family_digests)


def _family_digests() -> dict[str, str]:
    return {family: family_digest(family) for family in families()}


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
