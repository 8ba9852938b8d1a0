"""Node types, the default topology, and the check at opening."""
from __future__ import annotations

import pytest
from warehouse import errors
from warehouse.storage import topology
from warehouse.storage.schema import Topology


@pytest.mark.parametrize(
    ("node_type", "slices"),
    [("dc2.large", 2), ("dc2.8xlarge", 16), ("ds2.xlarge", 2), ("ds2.8xlarge", 16), ("ra3.4xlarge", 4),
     ("ra3.large", 2), ("ra3.xlplus", 2),
     ("ra3.16xlarge", 16), ("RA3.4XLARGE", 4)],
)  # fmt: skip
def test_node_types_set_the_slices_of_a_node(node_type: str, slices: int) -> None:
    made = topology.request(nodes=3, node_type=node_type).new_topology()
    assert (made.nodes, made.slices_per_node, made.slices) == (3, slices, 3 * slices)


def test_slices_belong_to_nodes_by_a_table() -> None:
    assert Topology.even(2, 3).node_of_slice == (0, 0, 0, 1, 1, 1)


def test_the_default_is_one_node_with_a_slice_for_each_usable_cpu() -> None:
    made = topology.request().new_topology()
    assert (made.nodes, made.slices) == (1, topology.usable_cpus())


@pytest.mark.parametrize(
    "arguments",
    [{"nodes": 0}, {"nodes": 129}, {"slices_per_node": 0}, {"slices_per_node": 65}, {"node_type": "m5.large"},
     {"node_type": "dc2.large", "slices_per_node": 4}, {"nodes": "2"}, {"nodes": 2.0}, {"slices_per_node": True},
     {"node_type": 2}],
)  # fmt: skip
def test_what_no_cluster_can_be_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(errors.InterfaceError):
        topology.request(**arguments)  # type: ignore[arg-type]


def test_a_node_type_may_say_what_slices_per_node_says() -> None:
    assert topology.request(slices_per_node=2, node_type="dc2.large").slices_per_node == 2


def test_only_what_was_asked_for_is_compared() -> None:
    found = Topology.even(2, 4)
    topology.request().check(found, "dw")
    topology.request(nodes=2).check(found, "dw")
    topology.request(slices_per_node=4).check(found, "dw")
    with pytest.raises(errors.TopologyMismatch) as caught:
        topology.request(nodes=1).check(found, "dw")
    assert "2 nodes with 4 slices each (2x4)" in caught.value.message
    assert "1 node with 4 slices (1x4)" in caught.value.message
