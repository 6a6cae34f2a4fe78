"""A graph's text elaborates to the same graph again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from netdsl.graph import Graph
from netdsl.ops import OPS
from netdsl.scope import Value
from netdsl.syntax.grammar import tables
from netdsl.text import KEYWORDS, to_text
from tests.examples.networks import FAMILIES, FILE, ZOO
from tests.graphs import graph
from tests.ops.test_through_the_compiler import text_of

ODD = """
block unit(c, ...rest) = add { conv(c, 3, ...rest); identity } -> relu

net odd(classes = 10) {
  input  image, other: [4, 8*h, W]
  input  vector: [6]
  target mask: class[8*h, W]
  target offsets: [4, 8*h, W]
  shared head = conv(classes, 1, init = normal(0.01))
  p = parameter([4], init = ones)
  x = image -> first: unit(4, pad = [1, 1], bias_init = constant(0.5)) -> "x_y": relu
  relu_1 = other -> unit(4)
  a, b, _c = (x + relu_1) * p -> split([1, 2, 1])
  y = concat { a; b -> pad([[0, 1], [1, 0]]) -> crop(b); (a * 2) } -> leaky_relu(0.1)
  output scores = y -> head
  aux output again = y -> head
  output gate = vector -> linear(4) -> sigmoid
  loss = cross_entropy(scores, mask) + 0.3 * smooth_l1(x, offsets) - mean(1 - gate) / 2
}
"""


def essence(g: Graph) -> dict[str, Any]:
    """What must survive: everything but paths and places."""
    return {
        "nodes": [(node.role, node.op, node.operands, node.shapes) for node in g.nodes],
        "interface": [node.name for node in g.nodes if node.op is None],
        "sharing": [[other.number for other in g.nodes if other.owner == node.owner] for node in g.nodes if node.owner],
        "outputs": [(output.name, output.value, output.aux) for output in g.outputs],
        "loss": g.loss,
        "name": g.name,
    }


def assert_comes_back(g: Graph) -> None:
    text = to_text(g)
    again = graph(text)
    found, wanted = essence(again), essence(g)
    for key, value in wanted.items():
        assert found[key] == value, text
    assert to_text(again).count("\n") == text.count("\n")


@pytest.mark.parametrize("network", [networks[0] for networks in FAMILIES.values() if "plugin" not in ZOO[networks[0]]])
def test_examples_come_back(network: str) -> None:
    assert_comes_back(graph(FILE[network], network))


@pytest.mark.parametrize("operator", sorted(name for name in OPS if "." not in name))
def test_every_operator_comes_back(operator: str) -> None:
    assert_comes_back(graph(f"net n {{\n{text_of(operator)[0]}\n}}\n"))


def test_everything_else_comes_back() -> None:
    assert_comes_back(graph(ODD))


def test_statements_are_those_that_a_person_would_write() -> None:
    text = to_text(graph(FILE["resnet18"], "resnet18"))
    assert "  conv1 = image -> conv(64, 7, stride = 2, bias = false)  # 64×112×112\n" in text
    assert "  layer1_0_conv1 = max_pool_2 -> conv(64, 3, bias = false)  # 64×56×56\n" in text
    assert "  loss = " in text


def test_a_broken_graph_has_a_text_too() -> None:
    g = graph(ODD)
    nodes = tuple(replace(node, operands=(Value(99, 3),)) if node.op else node for node in g.nodes)
    assert "missing_99_3 -> " in to_text(replace(g, nodes=nodes))


def test_the_words_of_the_language_are_the_grammar_s() -> None:
    assert {word for word in tables().literals.values() if word.isalpha()} == KEYWORDS
