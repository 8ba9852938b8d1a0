"""How many nodes and slices a database has: Redshift's node types, the default, the check at opening.

    node_type="dc2.large", nodes=4      4 nodes x 2 slices      slice -> node: 0 0 1 1 2 2 3 3

A slice is a place where rows are stored and counted, not a thread, so any topology runs on any
machine; the default gives one node as many slices as this process may use CPUs. The topology is
chosen when the database is created. Later an elastic resize moves slices to other nodes (`moved`), and a classic one
writes all rows anew for other slices (maintenance/resize.py).
"""
from __future__ import annotations

import operator
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
    "ra3.large": 2,
    "ra3.xlplus": 2,
    "ra3.4xlarge": 4,
    "ra3.16xlarge": 16,
}
# Elastic resize doubles or halves clusters of these. (It is for dc2 and ra3 nodes now; ds2 ones are no longer made.)
DOUBLED_OR_HALVED = frozenset(("dc2.large", "ds2.xlarge"))
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
        preset = SLICES_OF_NODE_TYPE.get(node_type.lower()) if isinstance(node_type, str) else None
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
    return TopologyRequest(
        None if nodes is None else _count("nodes", nodes, MAX_NODES),
        None if slices_per_node is None else _count("slices_per_node", slices_per_node, MAX_SLICES_PER_NODE),
    )


def _count(name: str, value: int, limit: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise errors.InterfaceError(f"{name} must be a whole number between 1 and {limit}, not {value!r}")
    if not 1 <= value <= limit:
        raise errors.InterfaceError(f"{name} must be between 1 and {limit}, not {value}")
    return operator.index(value)


def configurations(topology: Topology, node_type: str | None = None) -> tuple[int, ...]:
    """Numbers of nodes that an elastic resize can bring the slices to: each node gets as many. `node_type` limits
    them as Redshift does: to twice or half as many nodes for the small types."""
    if node_type is not None:
        request(node_type=node_type)
    fitting = (
        n for n in range(1, MAX_NODES + 1)
        if topology.slices % n == 0 and topology.slices // n <= MAX_SLICES_PER_NODE and n != topology.nodes
    )
    if node_type is not None and node_type.lower() in DOUBLED_OR_HALVED:
        return tuple(n for n in fitting if n == 2 * topology.nodes or 2 * n == topology.nodes)
    return tuple(fitting)


def moved(topology: Topology, nodes: int, node_type: str | None = None) -> Topology:
    """The same slices on another number of nodes; as few of them move as can be.

        2 nodes x 2   slice -> node: 0 0 1 1   to 4 nodes: 0 2 1 3   to 1 node: 0 0 0 0
    """
    nodes = _count("nodes", nodes, MAX_NODES)
    fitting = configurations(topology, node_type)
    if nodes not in fitting:
        raise errors.TopologyMismatch(
            f"{topology.slices} slices on {topology.nodes} node{'s' if topology.nodes > 1 else ''} cannot be moved to "
            f"{nodes} node{'' if nodes == 1 else 's'}",
            hint=(f"An elastic resize can go to {', '.join(map(str, fitting))} nodes" if fitting else
                  "No elastic resize fits") + "; a classic one to any number, in a new folder.",
        )
    share = topology.slices // nodes
    room = [share] * nodes
    places: list[int] = []
    for node in topology.node_of_slice:
        stays = node < nodes and room[node] > 0
        places.append(node if stays else -1)
        if stays:
            room[node] -= 1
    free = iter([node for node in range(nodes) for _ in range(room[node])])
    return Topology(nodes, share, tuple(next(free) if place < 0 else place for place in places))


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
