"""What this process may use: CPUs and memory, as affinity and control groups allow, and what users set."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from ..errors import InterfaceError
from ..patterns import pattern
from ..storage.topology import usable_cpus

# Of the machine's (or container's) memory, what one statement may hold unless told otherwise.
MEMORY_SHARE = 0.6
# Of a limit that was asked for: blocks in the cache, and memory that was freed and is kept for the next statement.
CACHE_SHARE, RETAINED_SHARE = 0.2, 1 / 16
_CGROUP = Path("/sys/fs/cgroup")
_UNITS = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_SIZE = pattern(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)\s*", re.IGNORECASE)


def memory_limit(wanted: int | str | None) -> int:
    """Bytes: as given (a number, or text such as "2GB"), or a share of what there is."""
    if wanted is None:
        return int(_memory_bytes() * MEMORY_SHARE)
    if isinstance(wanted, str):
        match = _SIZE.fullmatch(wanted)
        if match is None:
            raise InterfaceError(f"memory_limit {wanted!r} is not a size; write bytes, or text such as '2GB'")
        unit = match[2].lower().replace("i", "")
        wanted = int(float(match[1]) * _UNITS[unit if unit in _UNITS else unit + "b"])
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted <= 0:
        raise InterfaceError(f"memory_limit must be a positive number of bytes, not {wanted!r}")
    return wanted


def threads(wanted: int | None) -> int:
    """Worker threads: as given, or the CPUs this process may use."""
    if wanted is None:
        return max(1, min(usable_cpus(), _quota_cpus()))
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= 1024:
        raise InterfaceError(f"threads must be a number between 1 and 1024, not {wanted!r}")
    return wanted


def _memory_bytes() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        text = _read(_CGROUP / name)
        if text is not None and text.isdigit():
            physical = min(physical, int(text))
    return physical


def _quota_cpus() -> int:
    """CPUs that the control group's quota pays for, rounded up; very many without a quota."""
    text = _read(_CGROUP / "cpu.max")
    if text is None or text.startswith("max"):
        return 1 << 10
    quota, period = text.split()[:2]
    return math.ceil(int(quota) / int(period))


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
