"""Resizing a database, for Connection and the command line; how it is done is in storage/maintenance/resize.py."""
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .. import errors
from ..storage import topology as topologies

if TYPE_CHECKING:
    from ..engine.context import Context
    from ..engine.session import Session


def resize(
    session: Session, folder: str | os.PathLike[str], nodes: int | None, slices_per_node: int | None,
    node_type: str | None,
) -> None:
    """See Connection.resize. A statement of its own: it is cancelled, and ends at statement_timeout, as others do."""
    from ..storage.maintenance.resize import resize as classic
    from ..storage.schema import Topology

    check_superuser(session, "resize a database")
    check_no_transaction(session, "a database cannot be resized")
    now = session.database.topology
    wanted = topologies.request(nodes, slices_per_node, node_type)
    if wanted == topologies.TopologyRequest():
        raise errors.InterfaceError("a resize needs a number of nodes, slices_per_node or a node_type")
    new = Topology.even(wanted.nodes or now.nodes, wanted.slices_per_node or now.slices_per_node)

    if not isinstance(folder, (str, os.PathLike)):
        raise errors.InterfaceError(f"a resize needs the path of a new folder, not {folder!r}")
    target = Path(folder).absolute()

    def work(context: Context) -> None:
        classic(session.database, target, new, check=context.cancel.check)

    session.perform_apart(f"-- resize to {os.fspath(folder)}", "Resize", work)


def elastic_resize(session: Session, nodes: int, node_type: str | None) -> None:
    """See Connection.elastic_resize."""
    from ..storage.maintenance.resize import elastic

    check_superuser(session, "resize a database")
    check_no_transaction(session, "a database cannot be resized")
    elastic(session.database, nodes, node_type)


def elastic_resize_options(session: Session, node_type: str | None) -> list[tuple[int, int]]:
    """See Connection.elastic_resize_options."""
    now = session.database.topology
    return [(nodes, now.slices // nodes) for nodes in topologies.configurations(now, node_type)]


def check_superuser(session: Session, action: str) -> None:
    """Whoever copies the whole database must be allowed to read all of it."""
    session.database.snapshot()
    if not session.database.newest.facts.directory.rights(session.user).superuser:
        raise errors.PermissionDenied(f"must be superuser to {action}")


def check_no_transaction(session: Session, what: str) -> None:
    if session.block.is_open:
        raise errors.ProgrammingError(
            f"{what} inside a transaction", hint="commit() or rollback() first.", sqlstate="25001"
        )
