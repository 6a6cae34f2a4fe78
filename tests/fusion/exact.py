"""A text's fused form against its plain module, both in float64 with the same weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import netdsl
from netdsl import Network
from netdsl.runtime.executor import Executor
from netdsl.runtime.geometry import known
from netdsl.runtime.loading import load, network_class
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import Error, measure


def plain(network: Network) -> nn.Module:
    """The plain module in float64 and eval mode, with signed weights and batch norms far from the identity."""
    module = network_class(load(network.source(plain=True), network.name))().double()
    module.load_state_dict(draw.weights(module.state_dict()))
    return module.eval()


def outputs(network: Network, module: nn.Module, given: list[Tensor], backend: Any = "algebra") -> tuple[Any, ...]:
    """What the fused network yields with the module's weights."""
    return Executor(network.fused, module.state_dict(), backend)(*given)


def state_of(network: Network) -> dict[str, Tensor]:
    """Random weights, in float64, by their paths in the state_dict."""
    found = {}
    for node in network.graph.nodes:
        if node.op is None or not node.owner:
            continue
        shapes = network.graph.operand_shapes(node)
        for name, shape in {**node.op.weights(*shapes), **node.op.buffers(*shapes)}.items():
            path = f"{node.owner}.{name}" if name else node.owner
            found[path] = draw.weight(path, known(shape), name != "num_batches_tracked")
    return found


def by_nodes(network: Network, state: dict[str, Tensor], given: list[Tensor]) -> tuple[Any, ...]:
    """What the network as written yields, node by node by torch's own operators."""
    return Executor(network.graph, state, "parts")(*given)


def error(network: Network | str, module: nn.Module | None = None) -> Error:
    """The worst of all outputs. Checks on the way that neither the module nor the inputs change."""
    if isinstance(network, str):
        network = netdsl.compile(network)
    module = plain(network) if module is None else module
    given = draw.inputs([network.graph.nodes[number] for number in network.graph.inputs], 2)
    kept = [tensor.clone() for tensor in given]
    state = {path: tensor.clone() for path, tensor in module.state_dict().items()}
    with torch.no_grad():
        torch.manual_seed(0)
        wanted = leaves(module(*given))
        torch.manual_seed(0)
        found = leaves(outputs(network, module, given))
    assert all(torch.equal(a, b) for a, b in zip(given, kept, strict=True)), "an input changed"
    after = module.state_dict()
    assert list(after) == list(state)
    assert all(torch.equal(after[path].nan_to_num(), tensor.nan_to_num()) for path, tensor in state.items())
    return max(measure(a, b) for a, b in zip(found, wanted, strict=True))


def leaves(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else [leaf for part in value for leaf in leaves(part)]


def labels(network: Network) -> list[str]:
    """What each kernel computes: `conv(4, 3) + batch_norm + relu`."""
    from netdsl.step import kernels

    return [node.op.label() for node in kernels(network.fused) if node.op is not None]
