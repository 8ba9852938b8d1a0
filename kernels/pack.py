"""Native functions by name: loaded from the kernel pack, compiled into it when it lacks them.

    address(name) -> int             where a function stands in memory: goes into a program's I_OP
    native(name)  -> callable        called with ints, answers an int; releases Python's lock
    load()                           read the pack's file ahead of need
    warmup(progress, processes)      compile all that is missing, once per machine and version

    name --digest of its family's source--> key --pack file--> object file --linker.py--> address
                 |                                  |
                 unknown: import the family,        missing: compile (build.py)
                 compute keys (digest.py)

With a filled pack nothing imports numba. All is thread safe; several processes may share a pack.
What is compiled is written at once if the last write is a second old, else when the process ends
or `flush()` is called: many small compilations in a row do not rewrite the file each time.
"""
from __future__ import annotations

import atexit
import ctypes
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from ..errors import InternalError
from . import digest, packfile, registry
from .linker import Linker, refuse
from .packfile import Compiled, Contents

_WRITE_INTERVAL = 1.0  # seconds
WORTH_PROCESSES = 16  # kernels to compile, at least: another process takes seconds until it begins

_addresses: dict[str, int] = {}
_natives: dict[str, Callable[..., int]] = {}


def address(name: str) -> int:
    """The native function's address; compiles it when the pack lacks it."""
    found = _addresses.get(name)
    return found if found is not None else _pack.find(name)


def native(name: str) -> Callable[..., int]:
    """The native function as a Python callable over ints."""
    found = _natives.get(name)
    if found is None:
        arity = _pack.arity(name)
        found = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * arity)(address(name))
        _natives[name] = found
    return found


def load() -> None:
    """Read the pack's file now rather than with the first function; compiles nothing."""
    _pack.load()


def names() -> tuple[str, ...]:
    """Every native function there is."""
    return tuple(sorted(_pack.all_keys()))


def warmup(
    progress: Callable[[str, int, int], None] | None = None, processes: int = 1, only: Collection[str] = ()
) -> int:
    """Compile what the pack lacks; `progress(name, done, all)` is told each that this process takes. Answers how many.
    With several `processes` each compiles its share (warmup.py). `only`: no others than these functions."""
    return _pack.warmup(progress, processes, only)


def compile_share(number: int, processes: int, only: Collection[str] = ()) -> None:
    """What one of several processes does of a warmup."""
    _pack.compile_share(number, processes, None, only)


def flush() -> None:
    """Write what was compiled since the last write."""
    _pack.flush()


class _Pack:
    """The process's view of its pack file."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._contents = Contents()
        self._fresh = Contents()  # not written yet
        self._keys: dict[str, str] = {}  # name -> key, of families whose digest is known
        self._unknown: set[str] = set()  # families whose names are not known yet
        self._linker: Linker | None = None
        self._path: Path | None = None
        self._written = 0.0
        self.compiled = 0

    def load(self) -> None:
        with self._lock:
            self._open()

    def find(self, name: str) -> int:
        with self._lock:
            if name not in _addresses:
                self._open()
                actual = registry.ALIASES.get(name, name)
                key = self._key(actual)
                if key not in self._contents.objects:
                    self._compile(actual, key)
                if actual not in _addresses:
                    self._link([actual])
                _addresses[name] = _addresses[actual]
            return _addresses[name]

    def arity(self, name: str) -> int:
        with self._lock:
            self._open()
            return _arity(self._key(registry.ALIASES.get(name, name)))

    def all_keys(self) -> dict[str, str]:
        with self._lock:
            self._open()
            self._resolve()
            return self._keys

    def warmup(
        self, progress: Callable[[str, int, int], None] | None, processes: int, only: Collection[str]
    ) -> int:
        with self._lock:
            missing = len(self._missing(0, 1, only))
            if processes > 1 and missing >= WORTH_PROCESSES and packfile.writable_folder() == packfile.folder():
                from .warmup import others

                with others(processes, only):
                    self.compile_share(0, processes, progress, only)
                assert self._path is not None
                self._contents.merge(packfile.read(self._path))
            self.compile_share(0, 1, progress, only)  # all, or what another process has not brought
            return missing

    def compile_share(
        self, number: int, processes: int, progress: Callable[[str, int, int], None] | None, only: Collection[str]
    ) -> None:
        with self._lock:
            names = self._missing(number, processes, only)
            for done, name in enumerate(names):
                if progress is not None:
                    progress(name, done, len(names))
                self._compile(name, self._keys[name])
            self.flush()

    def _missing(self, number: int, processes: int, only: Collection[str]) -> list[str]:
        """Of every `processes` names one, beginning with `number`: those that the pack lacks."""
        keys = self.all_keys()
        wanted = sorted(keys.keys() & only if only else keys)
        return [name for name in wanted[number::processes] if keys[name] not in self._contents.objects]

    def flush(self) -> None:
        with self._lock:
            if (self._fresh.objects or self._fresh.families) and self._path is not None:
                try:
                    packfile.write(self._path, self._fresh)
                except OSError:
                    # The cache folder vanished or is full: work from memory, try a temporary one next.
                    self._path = packfile.temporary_folder() / self._path.name
                else:
                    self._fresh = Contents()
                self._written = time.monotonic()

    def _open(self) -> None:
        """Read the pack file once and find out which families it knows."""
        if self._linker is not None:
            return
        file = f"kernels-{digest.environment()}.pack"
        self._path = packfile.writable_folder() / file
        self._contents = packfile.read(packfile.folder() / file)
        for family, version in digest.family_digests().items():
            known = self._contents.families.get(family, {}).get(version)
            if known is None:
                self._unknown.add(family)
            else:
                self._keys.update(known)
        self._linker = Linker()
        atexit.register(self.flush)

    def _key(self, name: str) -> str:
        if name not in self._keys:
            self._resolve()
        if name not in self._keys:
            raise InternalError(f"there is no native function {name!r}")
        return self._keys[name]

    def _resolve(self) -> None:
        """Import the families that the pack does not know and compute their functions' keys."""
        for family in sorted(self._unknown):
            specs = registry.load_family(family)
            keys = {name: f"{spec.arity}-{digest.function_key(name, family)}" for name, spec in specs.items()}
            self._unknown.discard(family)
            self._keys.update(keys)
            version = digest.family_digest(family)
            self._contents.families.setdefault(family, {})[version] = keys
            if digest.settled(family):
                self._fresh.families.setdefault(family, {})[version] = keys

    def _compile(self, name: str, key: str) -> None:
        from . import build, objects

        if name not in registry.SPECS:
            for family in registry.families():
                registry.load_family(family)
        code = build.compile_function(registry.SPECS[name])
        compiled = Compiled(name, code, objects.undefined_symbols(code))
        refuse(compiled)
        self._contents.objects[key] = compiled
        self.compiled += 1
        family = registry.SPECS[name].family
        if digest.settled(family):
            self._keep(family, key, compiled)

    def _keep(self, family: str, key: str, compiled: Compiled) -> None:
        """Remember an object for the file, with the version of its family that names it."""
        version = digest.family_digest(family)
        self._fresh.objects[key] = compiled
        self._fresh.families.setdefault(family, {})[version] = self._contents.families[family][version]
        if time.monotonic() - self._written > _WRITE_INTERVAL:
            self.flush()

    def _link(self, names: list[str]) -> None:
        assert self._linker is not None
        wanted = {name: self._contents.objects[self._keys[name]] for name in names}
        _addresses.update(self._linker.add(wanted))


def _arity(key: str) -> int:
    return int(key.partition("-")[0])


_pack = _Pack()
