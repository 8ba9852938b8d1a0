"""How many nodes and slices a database has: Redshift's node types, the default, the check at opening.

    node_type="dc2.large", nodes=4      4 nodes x 2 slices      slice -> node: 0 0 1 1 2 2 3 3

A slice is a place where rows are stored and counted, not a thread, so any topology runs on any
machine; the default gives one node as many slices as this process may use CPUs. The topology is
chosen once, when the database is created.
"""
from __future__ import annotations

import os

from .. import errors
from ..records import dataclass
from .schema import Topology

# Slices of one node, by Redshift's node types.
SLICES_OF_NODE_TYPE = {
    "dc2.large": 2,
    "dc2.8xlarge": 16,
    "ds2.xlarge": 2,
    "ds2.8xlarge": 16,
    "ra3.4xlarge": 4,
    "ra3.16xlarge": 16,
}
MAX_NODES = 128  # Redshift's largest cluster
MAX_SLICES_PER_NODE = 64


@dataclass(frozen=True, slots=True)
class TopologyRequest:
    """What a user asked for; None: whatever the database has."""

    nodes: int | None = None
    slices_per_node: int | None = None

    def new_topology(self) -> Topology:
        return Topology.even(self.nodes or 1, self.slices_per_node or usable_cpus())

    def check(self, found: Topology, database: str) -> None:
        """Raise unless an existing database is what was asked for."""
        nodes = found.nodes if self.nodes is None else self.nodes
        slices = found.slices_per_node if self.slices_per_node is None else self.slices_per_node
        if (nodes, slices) != (found.nodes, found.slices_per_node):
            raise errors.TopologyMismatch(
                f'database "{database}" has {describe(found.nodes, found.slices_per_node)}, '
                f"but {describe(nodes, slices)} was asked for",
                hint="Open it without nodes, slices_per_node and node_type.",
            )


def request(
    nodes: int | None = None, slices_per_node: int | None = None, node_type: str | None = None
) -> TopologyRequest:
    """Check what the user gave and put a node type's number of slices in."""
    if node_type is not None:
        preset = SLICES_OF_NODE_TYPE.get(node_type.lower())
        if preset is None:
            raise errors.InterfaceError(
                f'unknown node type "{node_type}"',
                hint=f"Known are {', '.join(SLICES_OF_NODE_TYPE)}; or give slices_per_node.",
            )
        if slices_per_node not in (None, preset):
            raise errors.InterfaceError(
                f"node_type {node_type} has {preset} slices per node, not {slices_per_node}"
            )
        slices_per_node = preset
    for name, value, limit in (
        ("nodes", nodes, MAX_NODES), ("slices_per_node", slices_per_node, MAX_SLICES_PER_NODE)
    ):
        if value is not None and not 1 <= value <= limit:
            raise errors.InterfaceError(f"{name} must be between 1 and {limit}, not {value}")
    return TopologyRequest(nodes, slices_per_node)


def describe(nodes: int, slices_per_node: int) -> str:
    """`2 nodes with 4 slices each (2x4)`"""
    each = " each" if nodes > 1 else ""
    return (
        f"{nodes} node{'s' if nodes > 1 else ''} with {slices_per_node} "
        f"slice{'s' if slices_per_node > 1 else ''}{each} ({nodes}x{slices_per_node})"
    )


def usable_cpus() -> int:
    """CPUs this process may run on (affinity), which a container may have cut down."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return min(count, MAX_SLICES_PER_NODE)
