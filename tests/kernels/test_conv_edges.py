"""Convolutions at the edges: NaN and infinity, no images, what is refused, and what a call leaves alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from netdsl.kernels import Activation, Prologue, Refused, conv, deconv, linear, observed
from netdsl.kernels.activation import KINDS
from netdsl.kernels.convolution import conv_reference
from tests.kernels.gate import assert_close
from tests.kernels.maps import Random

SAME: dict[str, Any] = dict(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1))


def a_map(*shape: int, seed: int = 0) -> Tensor:
    """[N, C, H, W] in channels_last."""
    n, c, h, w = shape
    return Random(seed)(n, h, w, c).movedim(-1, 1)


WEIGHT = Random(9)(8, 4, 3, 3, spread=1 / 6)


@pytest.mark.parametrize("kind", KINDS)
def test_nan_reaches_the_outputs_that_see_it_and_no_other(kind):
    x, activation = a_map(1, 4, 7, 7), Activation(kind, 0.1)
    x[0, 2, 3, 3] = math.nan
    y = conv(x, WEIGHT, activation=activation, **SAME)
    assert torch.equal(y.isnan(), conv_reference(x, WEIGHT, activation=activation, **SAME).isnan())
    assert y.isnan().sum() == 9 * 8


@pytest.mark.parametrize("spoilt", ["weight", "bias", "scale", "residual"])
def test_nan_in_what_surrounds_the_product_shows(spoilt):
    x = a_map(1, 4, 5, 5)
    tensors = dict(weight=WEIGHT.clone(), bias=Random(1)(8), scale=Random(2)(8), residual=a_map(1, 8, 5, 5, seed=3))
    tensors[spoilt][(0,) * tensors[spoilt].ndim] = math.nan
    arguments: dict[str, Any] = dict(**tensors, activation=Activation("relu"), **SAME)
    y = conv(x, **arguments)
    assert torch.equal(y.isnan(), conv_reference(x, **arguments).isnan())
    assert 0 < y.isnan().sum() < y.numel()


def test_padding_is_zero_behind_the_prologue():
    x, shift = torch.zeros(1, 4, 5, 5).contiguous(memory_format=torch.channels_last), torch.full((4,), 3.0)
    ones = torch.ones(1, 4, 3, 3)
    y = conv(x, ones, prologue=Prologue(torch.ones(4), shift), **SAME)
    assert y[0, 0, 0, 0] == 3 * 4 * 4  # of the corner's nine taps, four lie inside
    assert y[0, 0, 2, 2] == 3 * 4 * 9


def test_infinity_is_not_made_nan_by_padding_it_away():
    x = a_map(1, 4, 5, 5).abs() + 1
    x[0, 0, 0, 0] = math.inf
    weight = WEIGHT.abs() + 0.1
    assert_close(conv(x, weight, **SAME), conv_reference(x.double(), weight.double(), **SAME))


def test_no_images():
    with observed() as launches:
        y = conv(a_map(0, 4, 5, 5), WEIGHT, **SAME)
    assert y.shape == (0, 8, 5, 5)
    assert len(launches) == 1  # taken down, and not run


def test_a_new_output_has_its_channels_together():
    y = conv(a_map(2, 4, 5, 5), WEIGHT, **SAME)
    assert y.is_contiguous(memory_format=torch.channels_last)
    line = conv(a_map(2, 4, 5, 1).squeeze(3), WEIGHT[..., 0], stride=(1,), padding=((0, 0),), dilation=(1,))
    assert line.shape == (2, 8, 3)
    assert line.stride(1) == 1


def test_a_slice_beside_the_input_in_one_buffer_is_no_overlap():
    """DenseNet's growing buffer: read some channels, write the next."""
    buffer = a_map(2, 12, 5, 5)
    truth = conv_reference(buffer[:, :4].double(), WEIGHT.double(), **SAME)
    conv(buffer[:, :4], WEIGHT, out=buffer[:, 4:], **SAME)
    assert_close(buffer[:, 4:], truth)


def test_the_residual_may_be_the_output():
    x, y = a_map(2, 4, 5, 5), a_map(2, 8, 5, 5, seed=1)
    truth = conv_reference(x.double(), WEIGHT.double(), residual=y.double(), **SAME)
    assert_close(conv(x, WEIGHT, residual=y, out=y, **SAME), truth)


def one(**changes: Any) -> Tensor:
    fields: dict[str, Any] = dict(sources=a_map(1, 4, 5, 5), weight=WEIGHT, bias=None, **SAME) | changes
    return conv(fields.pop("sources"), fields.pop("weight"), fields.pop("bias"), **fields)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (dict(sources=()), "1 to 4 sources, not 0"),
        (dict(sources=[a_map(1, 1, 5, 5)] * 5), "1 to 4 sources, not 5"),
        (dict(sources=a_map(1, 4, 5, 5).contiguous()), "its channels are not together"),
        (dict(sources=a_map(1, 4, 5, 5).double(), weight=WEIGHT.double()), "float32, float16 and bfloat16"),
        (dict(sources=a_map(1, 4, 5, 5).half()), "the weight is torch.float32, not torch.float16"),
        (dict(sources=(a_map(1, 2, 5, 5), a_map(1, 2, 5, 4))), "sources differ"),
        (dict(sources=a_map(1, 3, 5, 5)), "reads 4 channels, and there are 3"),
        (dict(sources=torch.randn(3, 4)), "1 to 3 spatial axes"),
        (dict(weight=WEIGHT[..., 0]), "has 4 axes, not 3"),
        (dict(weight=WEIGHT[:0]), "is empty"),
        (dict(stride=(1,)), "`stride` has 1 entries for 2"),
        (dict(stride=(0, 1)), "at least 1"),
        (dict(dilation=(1, 0)), "at least 1"),
        (dict(padding=((-1, 0), (0, 0))), "not negative"),
        (dict(dilation=(4, 1)), "no window"),
        (dict(groups=3, weight=WEIGHT[:, :1]), "reads 3 channels"),
        (dict(groups=2, weight=WEIGHT[:7, :2]), "groups divide neither"),
        (dict(groups=2, weight=WEIGHT[:, :2], sources=(a_map(1, 2, 5, 5),) * 2), "one source"),
        (dict(bias=torch.randn(7)), r"the bias has the shape \(7,\)"),
        (dict(bias=torch.randn(16)[::2]), "the bias is not contiguous"),
        (dict(scale=torch.randn(8).double()), "the scale is torch.float64"),
        (dict(prologue=Prologue(torch.ones(4), torch.ones(3))), "the prologue's shift has the shape"),
        (dict(residual=a_map(1, 8, 5, 4)), "the residual has the shape"),
        (dict(residual=torch.randn(1, 8, 5, 5)), "the residual has strides"),
        (dict(out=a_map(1, 8, 6, 5)), "the output has the shape"),
        (dict(out=a_map(1, 1, 5, 5).expand(1, 8, 5, 5)), "the output has strides"),
        (dict(precision="fp8"), "ieee or tf32"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, reason):
    with observed() as launches, pytest.raises(Refused, match=reason):
        one(**changes)
    assert launches == []


def test_an_output_over_its_input_is_refused():
    buffer = a_map(1, 20, 5, 5)
    for place in (slice(0, 8), slice(3, 11)):
        with pytest.raises(Refused, match="overlaps an input"):
            one(sources=buffer[:, :4], out=buffer[:, place])
    with pytest.raises(Refused, match="overlaps the residual"):
        one(residual=buffer[:, 4:12], out=buffer[:, 5:13])
    rows = a_map(1, 4, 9, 5)
    with pytest.raises(Refused, match="overlaps an input"):
        one(sources=rows[:, :, :5], weight=WEIGHT[:4], out=rows[:, :, 3:8])


def test_transposed_convolutions_and_linear_layers_are_checked_too():
    common: dict[str, Any] = dict(stride=(2, 2), padding=((0, 0), (0, 0)), dilation=(1, 1))
    with pytest.raises(Refused, match="smaller than the stride"):
        deconv(a_map(1, 8, 5, 5), WEIGHT, output_padding=(2, 0), **common)
    with pytest.raises(Refused, match="no window"):
        deconv(a_map(1, 8, 1, 1), WEIGHT, **common | {"padding": ((3, 3), (0, 0))}, output_padding=(0, 0))
    with pytest.raises(Refused, match=r"\[N, C\]"):
        linear(a_map(1, 4, 5, 5), torch.randn(3, 4))
