"""Receptive fields: against what gradients reach, and against published values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from netdsl.analysis.receptive_field import ReceptiveField, receptive_fields
from netdsl.graph import Graph
from tests.examples.networks import FILE
from tests.graphs import graph


def net(pipeline: str, shape: str = "[1, 64, 64]") -> str:
    return f"net n {{\n  input x: {shape}\n  output y = x -> {pipeline}\n}}\n"


def last(g: Graph) -> ReceptiveField:
    field = receptive_fields(g)[g.outputs[0].value.node]
    assert field is not None
    return field


def support(text: str) -> list[int]:
    """For each spatial axis, the widest range of inputs that some element of the output depends on: by gradients.

    Weights are positive and the input is random, so that nothing cancels.
    """
    import torch

    import netdsl

    torch.manual_seed(0)
    module = netdsl.compile(text).module().double().eval()
    for weight in module.parameters():
        torch.nn.init.uniform_(weight, 0.5, 1.5)
    shape: Any = graph(text).nodes[0].shape
    image = (torch.rand(1, *map(int, shape), dtype=torch.float64) + 0.1).requires_grad_()
    output = module(image)[0].sum(0)
    widest = [0] * (len(shape) - 1)
    middle = [extent // 2 for extent in output.shape]
    for axis, extent in enumerate(output.shape):  # along each axis through the middle: the axes are separable
        for place in range(extent):
            at = [*middle]
            at[axis] = place
            (gradient,) = torch.autograd.grad(output[tuple(at)], image, retain_graph=True)
            reached = gradient[0].abs().sum(0).nonzero()[:, axis]
            if len(reached):  # else this place sees padding alone
                widest[axis] = max(widest[axis], int(reached.max() - reached.min()) + 1)
    return widest


SMALL = {
    "one convolution": "conv(1, 5)",
    "strided": "conv(2, 3, stride = 2) -> relu -> conv(1, 5, stride = 2) -> conv(1, 3)",
    "dilated": "conv(2, 3) -> conv(2, 3, dilation = 2) -> conv(1, 3, dilation = 4)",
    "each axis its own": "conv(2, [1, 7]) -> conv(1, [3, 1], stride = [2, 1]) -> avg_pool([1, 2])",
    "pools": "avg_pool(3, stride = 2) -> conv(1, 3) -> avg_pool(2, stride = 2, ceil = true) -> conv(1, 3)",
    "even kernels": "conv(2, 2, pad = 0) -> conv(2, 4, pad = 0, stride = 2) -> conv(1, 2, pad = 0)",
    "branches": "concat { conv(1, 1); conv(2, 3) -> conv(1, 5); avg_pool(3, stride = 1, pad = 1) } -> conv(1, 3)",
    "residual": "conv(4, 3) -> add { conv(4, 3) -> conv(4, 3); identity }"
    " -> add { conv(4, 5, stride = 2); conv(4, 1, stride = 2) }",
    "deconvolution": "conv(2, 3, stride = 2) -> deconv(1, 2, stride = 2) -> conv(1, 3)",
    "overlapping deconvolution": "conv(2, 3, stride = 2) -> deconv(1, 4, stride = 2, pad = 1) -> conv(1, 3)",
    "odd deconvolution": "avg_pool(4) -> deconv(1, 3, stride = 2) -> conv(1, 2, pad = 0)",
    "hourglass": "conv(1, 3) -> avg_pool(2) -> conv(1, 3) -> avg_pool(2) -> conv(1, 3) -> upsample(2) -> conv(1, 3)"
    " -> upsample(2) -> conv(1, 3)",
    "down after up": "avg_pool(2) -> upsample(2) -> conv(1, 3) -> avg_pool(2) -> conv(1, 3)",
    "a part": "slice(1, -1, step = 2, axis = 1) -> conv(1, 3) -> slice(step = 3, axis = 2) -> conv(1, [1, 2], pad = 0)",
    "channels apart": "conv(4, 3) -> slice(1, step = 2) -> lrn(3) -> mean(axis = 0, keep = true) -> conv(1, 3)",
    "padded and cropped": "pad([1, 2]) -> conv(1, 3, pad = 0) -> crop(size = [20, 30]) -> conv(1, 3)",
    "separable": "separable_conv(2, [3, 5], stride = 2) -> separable_conv(1, 3, dilation = 2)",
    "bicubic": 'avg_pool(2) -> upsample(2, mode = "bicubic") -> conv(1, 3)',
    "points and their like": 'avg_pool(3) -> upsample([3, 1], mode = "nearest-exact") -> conv(1, [4, 2], pad = 0)',
    "bilinear": 'avg_pool(2) -> upsample(2, mode = "linear") -> conv(1, 3)',
}


@pytest.mark.parametrize("pipeline", SMALL.values(), ids=SMALL)
def test_fields_are_what_gradients_reach(pipeline: str) -> None:
    text = net(pipeline)
    assert list(last(graph(text)).extents) == support(text)


@pytest.mark.parametrize(
    "pipeline", ["softmax(axis = 1)", "softmax(axis = -1)", "resize([3, 4])", "linear(3, axis = 2)"]
)
def test_no_field_is_told_where_there_is_none(pipeline: str) -> None:
    assert last(graph(net(f"conv(2, 3) -> {pipeline}"))).extents == (None, None)


def test_support_sees_a_window() -> None:
    """The measure itself tells 3 from 5."""
    assert support(net("conv(1, [3, 5])")) == [3, 5]


def deep(units: list[int]) -> str:
    """ResNet as in the article's code: the last unit of a stage strides."""
    return f"""
block unit(stride) = add {{
  conv(4, 1) -> conv(4, 3, stride = stride) -> conv(4, 1)
  max_pool(1, stride = stride)
}}
net n {{
  input x: 3x256x256
  output y = x -> conv(4, 7, stride = 2) -> max_pool(3, stride = 2, pad = 1)
    -> for i, n in enumerate({units}) {{ repeat n - 1 {{ unit(1) }} -> unit(2 if i < 3 else 1) }}
}}
"""


# Araujo, Norris and Sim (2019), table 1.
@pytest.mark.parametrize(
    ("units", "extent"), [([3, 4, 6, 3], 483), ([3, 4, 23, 3], 1027), ([3, 8, 36, 3], 1507)], ids=["50", "101", "152"]
)
def test_published_fields_of_resnets(units: list[int], extent: int) -> None:
    field = last(graph(deep(units)))
    assert field.extents == (extent, extent)
    assert field.strides == (32, 32)


@pytest.mark.parametrize(("network", "extent"), [("alexnet_torchvision", 195), ("vgg_d", 212), ("vgg16", 212)])
def test_published_fields_of_pools(network: str, extent: int) -> None:
    g = graph(FILE[network], network)
    pool = [node.number for node in g.nodes if node.op and node.op.name == "max_pool"][-1]
    field = receptive_fields(g)[pool]
    assert field is not None
    assert field.extents == (extent, extent)
    assert field.strides == (32, 32)


def test_resnet50_strides_its_first_units() -> None:
    """By hand: 11 behind the stem, and twice the stride for each 3x3: 24 + (8 + 48) + (16 + 160) + (32 + 128)."""
    g = graph(FILE["resnet50"], "resnet50")
    field = receptive_fields(g)[[node.number for node in g.nodes if node.name.startswith("layer4.")][-1]]
    assert field is not None
    assert field.extents == (427, 427)
    assert field.least_extents == (11, 11)  # along the shortcuts


def test_vgg16_layer_by_layer() -> None:
    """The table that lectures show."""
    g = graph(FILE["vgg_d"], "vgg_d")
    fields = receptive_fields(g)
    found = [fields[n.number] for n in g.nodes if n.op and n.op.name in ("conv", "max_pool")]
    extents = [f.extents[0] for f in found if f]
    assert extents == [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert [f.strides[0] for f in found if f][-1] == 32


def test_alexnet_conv5_sees_163() -> None:
    g = graph(FILE["alexnet"], "alexnet")
    fields = receptive_fields(g)
    convs = [fields[n.number] for n in g.nodes if n.op and n.op.name == "conv"]
    assert [f.extents[0] for f in convs if f] == [11, 51, 99, 131, 163]


def test_least_and_greatest_path() -> None:
    field = last(graph(net("concat { identity; conv(1, 3); conv(1, 7) } -> conv(1, 3)")))
    assert field.extents == (9, 9)
    assert field.least_extents == (3, 3)


def test_a_gate_sees_everything_and_its_map_does_not() -> None:
    text = net("conv(4, 3) -> mul { identity; global_avg_pool -> linear(4) -> sigmoid }")
    field = last(graph(text))
    assert field.extents == (None, None)
    assert field.least_extents == (3, 3)


def test_the_stride_behind_a_deconvolution_is_a_fraction() -> None:
    assert last(graph(net("deconv(1, 4, stride = 2, pad = 1)"))).strides == (Fraction(1, 2), Fraction(1, 2))


def test_what_lends_its_shape_is_not_seen() -> None:
    field = last(graph(net("{ conv(1, 5, pad = 0) -> pad(4) -> crop(in) }")))
    assert field.least_extents == (5, 5)


def test_parameters_and_targets_see_no_input() -> None:
    text = "net n {\n  input x: [4]\n  target t: [4]\n  p = parameter([4])\n  output y = x * p\n  loss = mse(y, t)\n}\n"
    g = graph(text)
    fields = {node.op.name if node.op else node.name: f for node, f in zip(g.nodes, receptive_fields(g), strict=True)}
    assert fields["t"] is None
    assert fields["parameter"] is None
    assert fields["x"] is not None
    assert fields["x"].extents == ()


def test_three_axes() -> None:
    field = last(graph(net("conv(1, 3) -> max_pool([1, 2, 2]) -> conv(1, 3)", "[1, 8, 32, 32]")))
    assert field.extents == (5, 8, 8)
    assert field.strides == (1, 2, 2)


def test_unknown_extents_do_not_matter() -> None:
    field: Any = last(graph(net("conv(1, 3) -> max_pool(2) -> conv(1, 3)", "[1, H, W]")))
    assert field.extents == (8, 8)
