"""The emitted module computes what the graph says, node by node, and has the graph's weights under its paths."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import netdsl
from netdsl import cost
from netdsl.graph import Graph, leaves
from tests.emit.networks import NETWORKS
from tests.ops.evaluate import evaluate, make, tensor


def randomise(module: torch.nn.Module) -> None:
    """Signed weights, and BatchNorm statistics far from the identity."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if not value.is_floating_point():
                continue
            drawn = torch.randn(value.shape, generator=generator, dtype=value.dtype)
            value.copy_(drawn.abs() + 0.5 if name.endswith("running_var") else 0.4 * drawn)


def run(graph: Graph, module: torch.nn.Module, inputs: dict[str, Any]) -> list[Any]:
    """The value of every node, by torch's own layers."""
    found: list[Any] = []
    for node in graph.nodes:
        if node.op is None:
            found.append((inputs[node.name],))
            continue
        operands = tuple(found[v.node][v.index] for v in node.operands)
        shapes = graph.operand_shapes(node)
        code = node.op.expr(*shapes)
        if node.owner and not node.op.called:
            result = module.get_parameter(node.owner)
        elif node.owner:
            result = module.get_submodule(node.owner)(*operands)
        elif code is not None:
            result = evaluate(code, operands)
        else:
            made = make(node.op, shapes)
            assert made is not None
            result = made.eval()(*operands)
        found.append(tuple(result) if isinstance(result, tuple | list) else (result,))
    return found


@pytest.mark.parametrize("title", NETWORKS)
def test_emitted_module_computes_the_graph(title: str) -> None:
    net = netdsl.compile(NETWORKS[title], network=None if title != "nets in nets" else "f")
    graph = net.graph
    module = net.module().double()
    randomise(module)
    inputs = {graph.nodes[n].name: tensor(graph.nodes[n].shape, seed=n) for n in (*graph.inputs, *graph.targets)}
    given = [inputs[graph.nodes[n].name] for n in graph.inputs]
    module.eval()
    wanted = run(graph, module, inputs)
    main = [o for o in graph.outputs if not o.aux]
    compare(main, module(*given), wanted)
    if len(main) < len(graph.outputs):
        everything = module(*given, aux=True)
        compare(list(graph.outputs), everything, wanted)
        if graph.loss is not None:
            targets = [inputs[graph.nodes[n].name] for n in graph.targets]
            loss: Any = module.loss
            torch.testing.assert_close(loss(everything, *targets), wanted[graph.loss.node][0], rtol=1e-12, atol=1e-12)
            with pytest.raises(ValueError, match="aux=True"):
                loss(module(*given), *targets)
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert trained == cost.params(graph)
    owners = {n.owner for n in graph.nodes if n.owner and n.op is not None and n.op.called}
    assert owners <= {name for name, _ in module.named_modules()}


def compare(outputs: list[Any], found: Any, wanted: list[Any]) -> None:
    pieces = [found] if len(outputs) == 1 else list(found)
    assert len(pieces) == len(outputs)
    for output, piece in zip(outputs, pieces, strict=True):
        values = leaves(output.value)
        for value, tensor_ in zip(values, [piece] if len(values) == 1 else piece, strict=True):
            expected = wanted[value.node][value.index]
            assert expected.abs().sum() > 0
            torch.testing.assert_close(tensor_, expected, rtol=1e-12, atol=1e-12)


def test_the_comparison_can_fail() -> None:
    net = netdsl.compile(NETWORKS["operand order"])
    module = net.module().double()
    randomise(module)
    x = tensor((3, 8, 8))
    wanted = run(net.graph, module, {"x": x})
    with pytest.raises(AssertionError):
        compare(list(net.graph.outputs), module(x).flip(1), wanted)


def test_emission_is_the_same_text_each_time() -> None:
    for text in NETWORKS.values():
        first, second = (netdsl.compile(text, network=None if "net trunk" not in text else "f").source() for _ in "ab")
        assert first == second


def test_an_extent_declared_as_a_multiple_is_checked_at_run_time() -> None:
    net = netdsl.compile("net f { input x: [1, 8*h, 4*w + 2]; output y = x -> conv(2, 3) -> max_pool(2) }")
    module = net.module()
    assert module(torch.randn(2, 1, 16, 10)).shape == (2, 2, 8, 5)
    with pytest.raises(ValueError, match="axis 2 of x must be a multiple of 8"):
        module(torch.randn(2, 1, 12, 10))
    with pytest.raises(ValueError, match="axis 3 of x must be a multiple of 4 plus 2"):
        module(torch.randn(2, 1, 16, 8))


def test_constructor_parameters_change_the_network() -> None:
    text = """
        block unit(c) = conv(c, 3) -> relu
        net f(width = 4, classes = 3) { input x: 2x8x8
          output y = x -> unit(width) -> unit(2 * width) -> flatten -> linear(classes) }"""
    module = netdsl.compile(text).module(width=6, classes=5)
    assert module(torch.randn(2, 2, 8, 8)).shape == (2, 5)
    again = netdsl.compile(text, width=6, classes=5).module()
    assert {k: v.shape for k, v in module.state_dict().items()} == {k: v.shape for k, v in again.state_dict().items()}


def test_a_parameter_that_the_code_does_not_follow_is_not_offered() -> None:
    text = "net f(deep = true, c = 4) { input x: 2x8x8; output y = x -> conv(c, 3) -> if deep { relu -> conv(c, 3) } }"
    source = netdsl.compile(text).source()
    assert "c: int = 4" in source
    assert "deep" not in source.split("def __init__", 1)[1]
