"""What the first query of a process needs, loaded while its first connection opens.

A library's own start-up belongs to opening it, not to whichever query happens to be first: the modules
that plan and run queries, and the kernel pack's file. Other statements import theirs when they come.
"""
from __future__ import annotations

from ..kernels import pack


def preload_for_tables() -> None:
    """What queries of tables need besides, for a database that has some."""
    from ..planner.kept_plans import code_digest
    from . import executor, streaming  # noqa: F401
    from .functions import scalar  # noqa: F401
    from .workload import admission, kept, parameters  # noqa: F401

    code_digest()


def preload() -> None:
    """Load them; costs nothing the second time."""
    from ..planner.binder import select as binder  # noqa: F401
    from ..storage import buffer  # noqa: F401
    from .handlers import select  # noqa: F401

    pack.load()
