"""A failing network is told as a text of a few nodes: shown with faults that are put in on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netdsl
from tests.graphs import graph
from tests.random.legs import case, disagreements, finite
from tests.random.networks import network
from tests.random.shrink import shrink
from tests.reference import interpreter
from tests.reference.windows import Array

Function = Callable[..., Any]


def wrong_relu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.maximum(x, -0.01)


def wrong_eps(right: Function) -> Function:
    def batch_norm(a: Any, w: dict[str, Array], x: Array) -> Array:
        return right(type(a)(**{**vars(a), "eps": a.eps + 1e-3}), w, x)

    return batch_norm


def swapped(right: Function) -> Function:
    return lambda a, w, *xs: right(a, w, *reversed(xs))


FAULTS: dict[str, Callable[[Function], Function]] = {
    "relu": lambda right: wrong_relu,
    "batch_norm": wrong_eps,
    "concat": swapped,
    "max_pool": lambda right: lambda a, w, x: np.maximum(right(a, w, x), 0),  # padding with zeros
}


def differs(text: str) -> bool:
    try:
        net = netdsl.compile(text, network="f")
    except netdsl.NetdslError:
        return False
    found = case(net, 0)
    return finite(found) and any(disagreements(found))


@pytest.mark.parametrize("operator", FAULTS)
def test_a_fault_is_found_and_told_in_at_most_six_nodes(operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = interpreter.OPERATORS[operator]
    monkeypatch.setitem(interpreter.OPERATORS, operator, FAULTS[operator](right))
    text = next(text for text in map(network, range(200)) if operator in text and differs(text))
    small = shrink(text, differs)
    monkeypatch.undo()
    assert not differs(small), "without the fault nothing differs"
    nodes = [node for node in graph(small, "f").nodes if node.op is not None]
    assert len(nodes) <= 6, small
    assert operator in {node.op.name for node in nodes if node.op}


def test_what_fails_only_as_it_was_written_loses_what_does_not_matter() -> None:
    """A failure of structure: the flat text does not show it, so parts of the text itself go."""
    text = """
block twice(c) = conv(c, 3) -> tanh -> conv(c, 1)
net f {
  input x: 3x5x5
  u = x -> relu -> repeat 2 { twice(4) -> sigmoid } -> max_pool(2)
  output y = u -> flatten -> linear(3)
  output z = x -> neg
}
"""

    def fails(candidate: str) -> bool:
        try:
            found = graph(candidate, "f")
        except netdsl.NetdslError:
            return False
        return "repeat" in candidate and any(node.op and node.op.name == "conv" for node in found.nodes)

    small = shrink(text, fails)
    assert fails(small)
    assert len([node for node in graph(small, "f").nodes if node.op]) <= 4, small
    assert "linear" not in small


def test_what_fails_only_as_it_was_written_loses_all_outputs_but_one() -> None:
    """With the values, targets and losses that would be read by nothing."""
    text = """
net f {
  input x: 6x6
  target goal: [3]
  target label: class
  shared t = batch_norm(affine = false) -> crop(size = [4])
  v = x -> tanh -> t
  first, second = v -> split([2, 4])
  w = stack(v -> mean, x -> mean) -> linear(3)
  output y = first
  output z = second
  aux output scores = w
  loss = mse(w, goal) + 0.5 * cross_entropy(w, label)
}
"""

    def fails(candidate: str) -> bool:
        try:
            graph(candidate, "f")
        except netdsl.NetdslError:
            return False
        return "shared" in candidate and "crop" in candidate

    small = shrink(text, fails)
    assert fails(small)
    assert len([node for node in graph(small, "f").nodes if node.op]) <= 3, small
    assert "loss" not in small
    assert "target" not in small
