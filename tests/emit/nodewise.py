"""The graph evaluated node by node with torch's own layers: what an emitted module must compute."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest
import torch

from netdsl import Network, cost
from netdsl.graph import Graph, Output, leaves
from netdsl.scope import Value
from tests.elaborate.texts import paths
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
        elif node.owner and (node.op.weights(*shapes) or node.op.buffers(*shapes)):
            result = module.get_submodule(node.owner)(*operands)
        elif code is not None:
            result = evaluate(code, operands)
        else:
            made = make(node.op, shapes)
            assert made is not None
            result = made.eval()(*operands)
        found.append(tuple(result) if isinstance(result, tuple | list) else (result,))
    return found


def compare(outputs: list[Output], found: Any, wanted: list[Any], *, zeros: bool = False) -> None:
    """The outputs of a module against the nodes' values; `zeros` says that an output may be nothing but zeros."""
    pieces = [found] if len(outputs) == 1 else list(found)
    assert len(pieces) == len(outputs)
    for output, piece in zip(outputs, pieces, strict=True):
        values = leaves(output.value)
        for value, tensor_ in zip(values, [piece] if isinstance(output.value, Value) else piece, strict=True):
            expected = wanted[value.node][value.index]
            assert zeros or expected.abs().sum() > 0
            torch.testing.assert_close(tensor_, expected, rtol=1e-10, atol=1e-12, equal_nan=zeros)


def check(net: Network, *, zeros: bool = False) -> None:
    """The emitted module computes what the graph says, and has the graph's weights under its paths."""
    graph = net.graph
    module = net.module().double()
    randomise(module)
    inputs = {graph.nodes[n].name: tensor(graph.nodes[n].shape, seed=n) for n in (*graph.inputs, *graph.targets)}
    given = [inputs[graph.nodes[n].name] for n in graph.inputs]
    module.eval()
    wanted = run(graph, module, inputs)
    main = [o for o in graph.outputs if not o.aux]
    compare(main, module(*given), wanted, zeros=zeros)
    if len(main) < len(graph.outputs):
        taken = signature(module.forward).parameters
        everything = module(*given, aux=True, **{name: inputs[name] for name in targets_of(graph) if name in taken})
        compare(list(graph.outputs), everything, wanted, zeros=zeros)
        if graph.loss is not None:
            targets = [inputs[graph.nodes[n].name] for n in graph.targets]
            loss: Any = module.loss
            torch.testing.assert_close(loss(everything, *targets), wanted[graph.loss.node][0], rtol=1e-12, atol=1e-12)
            with pytest.raises(ValueError, match="aux=True"):
                loss(module(*given), *targets)
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert trained == cost.params(graph)
    assert set(module.state_dict()) == set(paths(graph))


def targets_of(graph: Graph) -> list[str]:
    return [graph.nodes[number].name for number in graph.targets]
