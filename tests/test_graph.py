"""The graph's edges are uses, and its networkx view says the same as its nodes."""

from __future__ import annotations

import networkx
import pytest

from netdsl.graph import LOSS, OUTPUT, Graph, Use, leaves
from netdsl.scope import Value
from tests.emit.networks import NETWORKS
from tests.graphs import graph


def number(found: Graph, name: str) -> int:
    return next(n.number for n in found.nodes if n.name == name)


def test_add_of_the_same_value_twice_has_two_uses_and_two_edges() -> None:
    found = graph("net f { input x: 3x8x8; a = x -> relu; output y = add(a, a) }")
    relu, add = number(found, "relu"), number(found, "add")
    assert found.uses[Value(relu)] == (Use(add, 0), Use(add, 1))
    assert found.topology.number_of_edges(relu, add) == 2
    assert set(found.topology[relu][add]) == {0, 1}


def test_uses_count_outputs_and_the_loss() -> None:
    found = graph("net f { input x: [4]; target t: [4]; output y = x -> relu; output z = y; loss = mse(y, t) }")
    relu, mse = number(found, "relu"), found.loss
    assert mse is not None
    assert found.uses[Value(relu)] == (Use(mse.node, 0), Use(OUTPUT, 0), Use(OUTPUT, 1))
    assert found.uses[mse] == (Use(LOSS, 0),)


def test_values_of_an_operator_with_several_results_are_told_apart() -> None:
    found = graph("net f { input x: 4x8x8; a, b = x -> split(2); output y = b -> relu; output z = a }")
    split, relu = number(found, "split"), number(found, "relu")
    assert found.uses[Value(split, 1)] == (Use(relu, 0),)
    assert found.topology[split][relu][0]["index"] == 1


@pytest.mark.parametrize("title", NETWORKS)
def test_the_view_agrees_with_the_nodes(title: str) -> None:
    found = graph(NETWORKS[title], "f") if title == "nets in nets" else graph(NETWORKS[title])
    view = found.topology
    assert networkx.is_directed_acyclic_graph(view)
    for node in found.nodes:
        edges = sorted(
            (key, source, data["index"]) for source, _, key, data in view.in_edges(node.number, keys=True, data=True)
        )
        assert [(source, index) for _, source, index in edges] == [tuple(v) for v in node.operands]
    for output in found.outputs:
        for value in leaves(output.value):
            assert found.ancestors((value,)) == networkx.ancestors(view, value.node) | {value.node}


def test_a_graph_and_its_nodes_show_themselves_briefly() -> None:
    g = graph("net n { input x: 3x8x8; output y = x -> conv(8, 3) -> relu }")
    assert repr(g) == "<graph of n: 3 nodes>"
    assert "input x" not in repr(g.nodes[1])  # not the text of the whole file for each span
