"""Every configuration of the tuning list computes a call that is all tails, and the list says what it should."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.kernels import Activation, Config, candidates, choose
from netdsl.kernels.call import ConvCall, conv_call
from netdsl.kernels.choice import KERNELS
from netdsl.kernels.tma import ALIGNMENT, descriptor
from netdsl.kernels.tuning import DROPPED, TILES, TMA, arithmetic, configs
from tests.kernels.conv_case import ConvCase, check, conv_cases
from tests.kernels.maps import Place
from tests.kernels.test_conv_special import boxes

EVERY = [(kind, config) for name, tiles in TILES.items() for kind in tiles for config in configs(name, kind)]

# Channels, positions and images that are no multiple of any tile; slices on both sides; all that can surround it.
FULL = ConvCase(
    channels=(24,),
    outputs=40,
    spatial=(6, 10),
    kernel=(3, 2),
    stride=(1, 1),
    padding=((1, 2), (0, 1)),
    dilation=(1, 1),
    images=3,
    activation=Activation("silu"),
    source=Place(8, 8),
    output=Place(8, 8),
    multiple=8,
)
TAILS: dict[str, dict[str, Any]] = {
    "conv_pointer": dict(stride=(2, 1), dilation=(1, 2), prologue=Activation("relu")),
    "conv_tma_rows": dict(kernel=(1, 1), padding=((0, 0), (0, 0)), prologue=Activation("relu")),
    "conv_tma_box": dict(dilation=(2, 1)),
    "conv_tma_stride2": dict(stride=(2, 2)),
    "conv_stem": dict(
        channels=(3,), kernel=(4, 7), stride=(2, 2), padding=((1, 2), (3, 3)), source=Place(0, 1), multiple=1
    ),
    "conv_depthwise": dict(channels=(40,), groups=40, stride=(2, 1), prologue=Activation("relu")),
}


@pytest.mark.parametrize(("kind", "config"), EVERY, ids=lambda each: str(each).replace(" ", "-"))
def test_every_configuration_computes_tails(kind: str, config: Config):
    changes = dict(TAILS[config.kernel])
    if config.kernel == "conv_tma_stride2":  # the one kernel whose channels fill its blocks
        changes["channels"] = (config.tile[-1],)
    dtype = torch.float16 if kind == "half" else torch.float32
    case = dataclasses.replace(
        FULL,
        kernel_name=config.kernel,
        tile=config.tile,
        dtype=dtype,
        precision="tf32" if kind == "tf32" else "ieee",
        **changes,
    )
    check(case)


@settings(max_examples=30)
@given(st.one_of(conv_cases(kernel_name=""), conv_cases(kernel_name="", transposed=True), boxes(kernel_name="")))
def test_what_is_chosen_computes_the_call(case: ConvCase):
    check(case)


def call(dtype: torch.dtype = torch.float16, **changes: Any) -> ConvCall:
    """A convolution of ResNet-50 on tensors without memory."""
    fields: dict[str, Any] = dict(n=32, c=256, k=256, size=28, kernel=3, stride=1, groups=1, precision="ieee") | changes
    n, c, size, kernel, stride = (fields[name] for name in ("n", "c", "size", "kernel", "stride"))
    x = torch.empty(n, size, size, c, dtype=dtype, device="meta").movedim(-1, 1)
    weight = torch.empty(fields["k"], kernel, kernel, c // fields["groups"], dtype=dtype, device="meta").movedim(-1, 1)
    pads, none = ((kernel // 2,) * 2,) * 2, Activation("none")
    return conv_call(
        x,
        weight,
        None,
        None,
        None,
        none,
        (stride,) * 2,
        pads,
        (1, 1),
        fields["groups"],
        None,
        None,
        fields["precision"],
    )


@pytest.mark.parametrize(
    ("changes", "kernel"),
    [
        (dict(kernel=1), "conv_tma_rows"),
        (dict(kernel=1, c=64), "conv_tma_rows"),
        (dict(kernel=1, stride=2), "conv_tma_box"),  # of every second position, a view
        ({}, "conv_tma_box"),
        (dict(dtype=torch.float32), "conv_tma_box"),
        (dict(stride=2), "conv_tma_stride2"),
        (dict(stride=2, size=29), "conv_pointer"),
        (dict(c=3, k=64, kernel=7, stride=2, size=224), "conv_stem"),
        (dict(groups=256), "conv_depthwise"),
        (dict(groups=32), "conv_pointer"),
        (dict(c=252), "conv_pointer"),
    ],
)
def test_the_kernel_that_is_chosen(changes, kernel):
    assert choose(call(**changes)).kernel == kernel


def test_small_maps_get_small_tiles_and_large_ones_large():
    small, large = choose(call(n=1, size=7, c=512, k=512)), choose(call(n=256, size=56))
    assert small.tile[0] * small.tile[1] <= 64 * 64
    assert large.tile[0] * large.tile[1] >= 128 * 128


def test_candidates_are_all_that_apply_the_choice_first():
    found = candidates(call())
    assert found[0] == choose(call())
    assert set(found) == {*configs("conv_tma_box", "half"), *configs("conv_pointer", "half")}
    assert {config.kernel for config in candidates(call(), capability=80)} == {"conv_pointer"}
    for config in candidates(call(kernel=1)):
        assert KERNELS[config.kernel].why_not(call(kernel=1), config) is None


def test_the_arithmetic_of_a_call():
    kinds = [call(), call(torch.bfloat16), call(torch.float32), call(torch.float32, precision="tf32")]
    assert [arithmetic(each) for each in kinds] == ["half", "half", "ieee", "tf32"]
    assert arithmetic(call(torch.float32, groups=256, precision="tf32")) == "ieee"  # no matrix unit takes part


def test_what_is_dropped_is_in_the_table_and_stays_away():
    for kernel, tile, capability in DROPPED:
        listed = {each.tile for kind in TILES[kernel] for each in configs(kernel, kind)}
        assert tile in listed
        assert tile not in {each.tile for kind in TILES[kernel] for each in configs(kernel, kind, capability)}
    assert all(configs(kernel, "half", 80) == () for kernel in TMA)


@pytest.mark.parametrize("shape", [(1, 1, 5, 40), (2, 1, 1, 40), (1, 1, 1, 5), (3, 2, 4, 8)])
def test_strides_of_a_descriptor_are_what_the_driver_may_ask_for(shape):
    x = torch.empty(shape, dtype=torch.float16, device="meta")
    found = descriptor(x, (1, 1, 1, 8))
    extents, strides = found.shape[::-1], found.strides[::-1]
    assert all(stride == own for stride, own, n in zip(found.strides, x.stride(), shape, strict=True) if n > 1)
    for inner, (n, stride) in enumerate(zip(extents[1:], strides[1:], strict=True)):
        assert stride * 2 % ALIGNMENT == 0 or n > 1
        assert stride >= extents[inner] * strides[inner]
        assert inner == 0 or stride % strides[inner] == 0
