"""Running the examples: the size that is small for each, data of the right kind, and a step of training."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from netdsl.graph import Graph, leaves
from netdsl.ops.op import Classes
from tests.examples.networks import FILE, compile_with, compiled

# Networks that do not end in linear layers take an image of any size: here the sides of a small one, by network or by
# file. All others have the one size of their text.
SIDE: dict[str, int | tuple[int, ...]] = {
    **dict.fromkeys(("resnet.net", "resnet_paper.net", "resnet_preact.net", "plain.net", "se_resnet.net"), 64),
    **dict.fromkeys(("resnext.net", "densenet.net", "mobilenet_v1.net", "mobilenet_v2.net"), 64),
    **dict.fromkeys(("shufflenet_v1.net", "shufflenet_v2.net", "inception_v2.net", "xception.net"), 64),
    **dict.fromkeys(("resnet_cifar.net", "densenet_cifar.net", "resnext_cifar.net"), 16),
    **dict.fromkeys(("unet.net", "unet_flat.net", "unet_upsampled"), 188),
    "unet_lecture": 32,
    "inception_module.net": 14,
    "r3d.net": (4, 32, 32),
    "fcn.net": 40,
    "context_basic": 16,
    "context_large": 8,
    "dilation8": 380,
    "cardiac.net": 32,
}
# What a network adds to its image before all else.
BORDER = {"fcn.net": 198}
# Parameters that make a network cheaper.
PARAMETERS: dict[str, dict[str, Any]] = {
    "unet": {"width": 4},
}


class Sized(NamedTuple):
    """A network at its small size: its graph, and the shapes of its inputs."""

    graph: Graph
    module: Any  # how to build it
    inputs: dict[str, tuple[int, ...]]
    batch: int  # 2 where there is batch norm, which one sample cannot train
    macs: int  # of one forward pass, about


def cheap(network: str) -> Any:
    """The example, compiled with the parameters that make it cheaper where it has any."""
    given = PARAMETERS.get(network, {})
    return compile_with(network, **given) if given else compiled(network)


@functools.cache
def sized(network: str) -> Sized:
    found = cheap(network)
    figures = found.summary().as_dict()
    native = {name: tuple(shape) for name, shape in figures["inputs"].items()}
    side = SIDE.get(network, SIDE.get(FILE[network].name))
    small = native if side is None else {name: resized(shape, side) for name, shape in native.items()}
    border = BORDER.get(FILE[network].name, 0)
    ratio = max(
        prod(n + border for n in small[name][1:]) / prod(n + border for n in native[name][1:]) for name in native
    )
    batch = 1 + any(node.op is not None and node.op.name == "batch_norm" for node in found.graph.nodes)
    return Sized(found.graph, found.module, small, batch, batch * int((figures["macs"] or 0) * ratio))


def resized(shape: tuple[int, ...], side: int | tuple[int, ...]) -> tuple[int, ...]:
    rank = len(shape) - 1
    return (shape[0], *(side if isinstance(side, tuple) else (side,) * rank)[-rank:]) if rank else shape


def images(shapes: Mapping[str, tuple[int, ...]], batch: int) -> dict[str, Tensor]:
    """Inputs that are nowhere all the same."""
    return {name: torch.randn(batch, *shape) for name, shape in shapes.items()}


def results(outputs: Any) -> tuple[Tensor, ...]:
    """The tensors of what a network returns, lists laid flat; what eval leaves out is None."""
    if outputs is None:
        return ()
    if isinstance(outputs, Tensor):
        return (outputs,)
    return tuple(tensor for part in outputs for tensor in results(part))


def in_layouts(module: nn.Module, inputs: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
    """What a module yields of planes that lie one behind the other, and of channels that lie together, where it has no
    volumes: torch sums in another order, and may be ten times as far from the truth in one as in the other."""
    found = []
    flat = all(weight.dim() < 5 for weight in module.parameters())
    for layout in (torch.contiguous_format, *((torch.channels_last,) if flat else ())):
        torch.manual_seed(0)
        given = [x.contiguous(memory_format=layout) if x.dim() == 4 else x for x in inputs]
        found.append(results(module.to(memory_format=layout)(*given)))  # type: ignore[call-overload]
    return found


def targets(graph: Graph, inputs: Mapping[str, Tensor], outputs: Any) -> dict[str, Tensor]:
    """Targets for a step: class indices 0 and 1, else numbers between 0 and 1.

    Their spatial extents follow the outputs and inputs, which may be smaller than the text says.
    """
    batch = next(iter(inputs.values())).shape[0]
    ours = [graph.nodes[number] for number in graph.inputs]
    now = {node.shape[1:]: inputs[node.name].shape[2:] for node in ours}
    declared = [graph.shape(leaf) for output in graph.outputs for leaf in leaves(output.value)]
    now |= {shape[1:]: tensor.shape[2:] for shape, tensor in zip(declared, results(outputs), strict=True)}
    found = {}
    for number in graph.targets:
        node = graph.nodes[number]
        classes = isinstance(node.shape, Classes)
        head, tail = ((), tuple(node.shape)) if classes else (tuple(node.shape[:1]), tuple(node.shape[1:]))
        shape = (batch, *head, *now.get(tail, tail))
        found[node.name] = torch.randint(2, known(shape)) if classes else torch.rand(known(shape))
    return found


def known(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape, whose extents must be numbers."""
    assert all(isinstance(extent, int) for extent in shape), shape
    return shape


def loss(module: nn.Module, graph: Graph, inputs: Mapping[str, Tensor], outputs: Any) -> Tensor:
    """The network's own loss of `outputs`, or where the text gives none the mean square of them all."""
    own = getattr(module, "loss", None)
    if own is None:
        return torch.stack([x.square().mean() for x in results(outputs)]).sum()
    known = {**inputs, **targets(graph, inputs, outputs)}
    names = list(inspect.signature(own).parameters)[1:]
    return own(outputs, *(known[name] for name in names))


def unreached(module: nn.Module) -> list[str]:
    """The parameters that train and to which no gradient came, or one that is not finite or nothing but zeros."""
    lost = []
    for name, weight in module.named_parameters():
        if weight.requires_grad:
            grad = weight.grad
            if grad is None or not (grad.is_meta or (grad.isfinite().all() and grad.any())):
                lost.append(name)
    return lost
