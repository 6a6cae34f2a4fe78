"""A module with call sites beside the plain one: the same weights, and the same numbers to the bit.

Only gradients may differ, as a sum rounds: a call site computes a convolution where the last of it stood in the plain
text, and autograd adds up the gradients of a value that several read in the order in which they did.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from netdsl import Network
from netdsl.graph import Graph
from netdsl.runtime.loading import load, network_class
from tests.emit.nodewise import randomise, targets_of
from tests.ops.evaluate import tensor


def twins(net: Network, standalone: bool = False) -> tuple[nn.Module, nn.Module]:
    """The module with call sites and the plain one, with the same weights in fp32."""
    fused = network_class(load(net.source(standalone=standalone), net.name))()
    plain = network_class(load(net.source(plain=True), net.name))()
    randomise(fused)
    assert list(fused.state_dict()) == list(plain.state_dict())
    plain.load_state_dict(fused.state_dict())
    return fused, plain


def inputs(graph: Graph, dtype: torch.dtype) -> tuple[list[Any], dict[str, Any]]:
    """what the modules are called with, and the targets by name."""
    given = {graph.nodes[n].name: tensor(graph.nodes[n].shape, seed=n) for n in (*graph.inputs, *graph.targets)}
    single = {name: x.to(dtype) if x.is_floating_point() else x for name, x in given.items()}
    return [single[graph.nodes[n].name] for n in graph.inputs], {name: single[name] for name in targets_of(graph)}


def leaves(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else [leaf for part in value for leaf in leaves(part)]


def called(net: Network, module: Any, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """All outputs, those for training among them."""
    given, targets = inputs(net.graph, dtype)
    taken = signature(module.forward).parameters
    wanted = {name: x for name, x in targets.items() if name in taken}
    torch.manual_seed(0)
    return leaves(module(*given, **wanted))


def assert_same(net: Network, standalone: bool = False) -> None:
    """In eval and in training: outputs, gradients, and what batch norms remember."""
    fused, plain = twins(net, standalone)
    for mode in (False, True):
        found, wanted = called(net, fused.train(mode)), called(net, plain.train(mode))
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert torch.equal(a.nan_to_num(7), b.nan_to_num(7))
        for outputs in (found, wanted):
            trained = [x.square().mean() for x in outputs if x.requires_grad]
            if trained:
                torch.stack(trained).sum().backward()
        for (name, p), (_, q) in zip(fused.named_parameters(), plain.named_parameters(), strict=True):
            assert (p.grad is None) == (q.grad is None), name
            if p.grad is not None and q.grad is not None:
                assert close(p.grad.nan_to_num(7), q.grad.nan_to_num(7)), name
        for (name, a), (_, b) in zip(fused.named_buffers(), plain.named_buffers(), strict=True):
            assert torch.equal(a.nan_to_num(7), b.nan_to_num(7)), name


def close(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() <= 1e-5 * b.abs().max()) if b.isfinite().all() else torch.equal(a, b)
