"""Opening: a database, a session on it, and what belongs to a session of a folder (the background worker).

    open_session(path, ...)    limits and settings checked, the database opened, the user let in, queues configured
"""

from __future__ import annotations

from ..kernels import memory
from ..storage.database import Database
from . import limits
from .identity import admit
from .preload import preload, preload_for_tables
from .session import Session
from .settings import Settings


def open_session(
    database: str,
    *,
    nodes: int | None = None,
    slices_per_node: int | None = None,
    node_type: str | None = None,
    create: bool = True,
    read_only: bool = False,
    threads: int | None = None,
    memory_limit: int | str | None = None,
    compatibility: str = "redshift",
    user: str = "dev",
    maintenance: bool = True,
    wlm_json_configuration: str | None = None,
) -> Session:
    """Open the database and a session on it; closing the session closes the database. `maintenance`: the background
    worker looks after a folder's tables while the session is open. `wlm_json_configuration`: JSON, or a file's path."""
    preload()
    workers, allowed = limits.threads(threads), limits.memory_limit(memory_limit)
    Settings({"compatibility": compatibility})  # checked before anything is made
    opened = Database.open(
        database, nodes=nodes, slices_per_node=slices_per_node, node_type=node_type, create=create,
        read_only=read_only,
    )  # fmt: skip
    session = _admitted(opened, user, compatibility, workers, allowed)
    if memory_limit is not None:
        opened.files.bound_cache(int(allowed * limits.CACHE_SHARE))
        memory.retain(int(allowed * limits.RETAINED_SHARE))
    try:
        if wlm_json_configuration is not None:
            from .workload.parameters import open_with

            open_with(session, wlm_json_configuration)
        if maintenance and opened.path is not None and not read_only:
            from .maintenance.worker import join

            session.worker = join(session)
    except BaseException:
        session.close()
        raise
    return session


def _admitted(opened: Database, user: str, compatibility: str, workers: int, memory: int) -> Session:
    """A session of the user; the database is closed where there can be none."""
    try:
        if opened.newest.entries:
            preload_for_tables()
        identity, known = admit(user, opened)
        settings = Settings({**known.settings, "compatibility": compatibility})
        return Session(opened, identity=identity, settings=settings, threads=workers, memory=memory)
    except BaseException:
        opened.close()
        raise
