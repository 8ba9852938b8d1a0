"""From bytes and blocks to seconds on a cluster, by speeds that are stated and never measured here.

This machine has neither a network between its slices nor the disks of a node, so what a design saves there must be
reckoned. The model is simple on purpose, and every report prints its figures:

    seconds of a query =  bytes between nodes  / (nodes x network)       each node sends its share
                       +  bytes between slices of a node / (nodes x memory)
                       +  bytes of blocks read / (nodes x disk)          every node reads its copy of an ALL table
                       +  moves x latency                                all slices wait for each other
                       +  CPU seconds / slices                           measured runs only

A node's share is what its fullest slice has: skew multiplies.
"""
from __future__ import annotations

from ...records import dataclass

# What a byte of storage costs, in seconds of the workload: it decides between designs that are as quick as each other.
STORAGE_SECONDS = 0.02 / 1e9


@dataclass(frozen=True, slots=True)
class Cluster:
    """Speeds of one node, in bytes a second, and what a move costs besides. The defaults are a modest node of two
    slices: a slice packs, sends and unpacks 50 MB of rows a second, whatever the wire could carry; most blocks are in
    memory."""

    nodes: int
    slices: int
    network: float = 100e6
    memory: float = 1e9
    disk: float = 4e9
    latency: float = 0.001

    def text(self) -> str:
        return (
            f"{self.nodes} nodes, {self.slices} slices; a node sends {self.network / 1e6:,.0f} MB/s, moves "
            f"{self.memory / 1e6:,.0f} MB/s between its slices, reads {self.disk / 1e6:,.0f} MB/s of blocks; "
            f"{self.latency * 1000:g} ms a move"
        )


@dataclass(slots=True)
class Work:
    """What a query did or would do. `disk_bytes`: over all nodes; `cpu`: seconds, 0 in estimates."""

    bytes_slices: float = 0.0  # to another slice, on whatever node
    bytes_nodes: float = 0.0  # of these, to another node
    moves: int = 0
    blocks: float = 0.0
    blocks_skipped: float = 0.0
    blocks_bare: float = 0.0  # read without a predicate or a join that zone maps could use: no sort key spares them
    disk_bytes: float = 0.0
    cpu: float = 0.0

    def add(self, other: Work, weight: float = 1.0) -> None:
        self.bytes_slices += other.bytes_slices * weight
        self.bytes_nodes += other.bytes_nodes * weight
        self.moves += round(other.moves * weight)
        self.blocks += other.blocks * weight
        self.blocks_skipped += other.blocks_skipped * weight
        self.blocks_bare += other.blocks_bare * weight
        self.disk_bytes += other.disk_bytes * weight
        self.cpu += other.cpu * weight


def seconds(work: Work, cluster: Cluster) -> float:
    """On the cluster, by the model above."""
    local = max(0.0, work.bytes_slices - work.bytes_nodes)
    return (
        work.bytes_nodes / (cluster.nodes * cluster.network)
        + local / (cluster.nodes * cluster.memory)
        + work.disk_bytes / (cluster.nodes * cluster.disk)
        + work.moves * cluster.latency * (cluster.slices > 1)
        + work.cpu / cluster.slices
    )
