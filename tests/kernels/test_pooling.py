"""Pools of windows and of whole maps, against torch in float64."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netdsl.kernels import Prologue, Refused, global_pool, pool
from netdsl.kernels.pooling import global_pool_reference, pool_reference
from tests.kernels.conv_case import ACTIVATIONS
from tests.kernels.gate import assert_close
from tests.kernels.maps import DTYPES, Laid, Place, Random, laid, places


def doubled(settings: dict[str, Any]) -> dict[str, Any]:
    before = settings.get("prologue")
    double = before and Prologue(before.scale.double(), before.shift.double(), before.activation)
    return settings | {"prologue": double}


@settings(max_examples=90)
@given(st.data())
def test_any_pool(data: st.DataObject):
    draw = data.draw
    rank = draw(st.sampled_from((1, 2, 2, 3)))
    kind = draw(st.sampled_from(("max", "avg")))
    most = {1: 20, 2: 9, 3: 5}[rank]
    spatial = tuple(draw(st.integers(1, most)) for _ in range(rank))
    kernel = tuple(draw(st.integers(1, 4 if rank < 3 else 3)) for _ in range(rank))
    even = draw(st.booleans())
    pads = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in kernel)
    channels = draw(st.sampled_from((1, 3, 16, 33)))
    random = Random(draw(st.integers(0, 2**16)))
    arguments: dict[str, Any] = dict(
        kind=kind,
        kernel=kernel,
        stride=tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        padding=tuple((before, before) for before, _ in pads) if even else pads,
        ceil_mode=even and draw(st.booleans()),
        prologue=draw(st.one_of(st.none(), ACTIVATIONS)),
        activation=draw(ACTIVATIONS),
    )
    if kind == "max":
        arguments["dilation"] = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    else:
        arguments["count_include_pad"] = not even or draw(st.booleans())
        arguments["divisor"] = draw(st.sampled_from((None, None, 5)))
    if arguments["prologue"]:
        arguments["prologue"] = Prologue(random(channels), random(channels), arguments["prologue"])
    dtype = draw(st.sampled_from(DTYPES))
    x = laid(random(draw(st.integers(1, 2)), channels, *spatial, dtype=dtype), draw(places())).view
    try:
        truth = pool_reference(x.double(), **doubled(arguments))
    except RuntimeError as error:  # no window fits; to means on three axes, torch wants a whole one where it rounds up
        assume("smaller than kernel size" not in str(error))
        with pytest.raises(Refused, match="no window"):
            pool(x, **arguments)
        return
    assume(truth.numel() // channels * math.prod(kernel) <= 2000)
    out: Laid = laid(random(*truth.shape, dtype=dtype), draw(places()), fill=5.0)
    pool(x, **arguments, out=out.view)
    out.assert_neighbours_untouched()
    assert_close(out.view, truth)


@settings(max_examples=40)
@given(st.data())
def test_any_global_pool(data: st.DataObject):
    draw = data.draw
    random = Random(draw(st.integers(0, 2**16)))
    spatial = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    channels, dtype = draw(st.sampled_from((1, 16, 40))), draw(st.sampled_from(DTYPES))
    x = laid(random(draw(st.integers(1, 3)), channels, *spatial, dtype=dtype), draw(places())).view
    before = draw(st.one_of(st.none(), ACTIVATIONS))
    arguments: dict[str, Any] = dict(
        kind=draw(st.sampled_from(("max", "avg"))),
        prologue=before and Prologue(random(channels), random(channels), before),
    )
    out = laid(random(x.shape[0], channels, dtype=dtype), Place(draw(st.integers(0, 3)), 2), fill=5.0)
    global_pool(x, **arguments, out=out.view)
    out.assert_neighbours_untouched()
    # A mean over many positions is small, its terms are not.
    assert_close(out.view, global_pool_reference(x.double(), **doubled(arguments)), least=0.1)


def test_the_last_window_of_a_rounded_pool_counts_only_what_is_there():
    x = torch.arange(1.0, 6.0).view(1, 1, 5)
    means = pool(x, kind="avg", kernel=(2,), stride=(2,), padding=((0, 0),), ceil_mode=True)
    assert means.flatten().tolist() == [1.5, 3.5, 5.0]


def test_padding_never_wins():
    x = -torch.ones(1, 1, 3, 3)
    window: dict[str, Any] = dict(kernel=(3, 3), stride=(1, 1), padding=((1, 1), (1, 1)))
    assert torch.equal(pool(x, kind="max", **window), x)


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_nan_reaches_the_windows_that_see_it_and_no_other(kind):
    x = Random(1)(1, 7, 7, 4).movedim(-1, 1)
    x[0, 1, 3, 3] = math.nan
    window: dict[str, Any] = dict(kind=kind, kernel=(3, 3), stride=(1, 1), padding=((1, 1), (1, 1)))
    y = pool(x, **window)
    assert torch.equal(y.isnan(), pool_reference(x, **window).isnan())
    assert y.isnan().sum() == 9
    assert global_pool(x, kind=kind).isnan().tolist() == [[False, True, False, False]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (dict(kind="median"), "max or avg"),
        (dict(kernel=(3,)), "`kernel` has 1 entries for 2"),
        (dict(padding=((2, 2), (0, 0))), "at most half"),
        (dict(padding=((1, 0), (0, 0)), ceil_mode=True), "no ceil_mode"),
        (dict(kind="avg", padding=((1, 0), (0, 0)), count_include_pad=False), "counts in the mean"),
        (dict(divisor=3), "no divisor"),
        (dict(kind="avg", dilation=(2, 2)), "no dilation"),
        (dict(stride=(0, 1)), "at least 1"),
        (dict(kernel=(9, 9)), "no window"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(change, reason):
    fields: dict[str, Any] = dict(kind="max", kernel=(3, 3), stride=(1, 1), padding=((0, 0), (0, 0))) | change
    with pytest.raises(Refused, match=reason):
        pool(torch.randn(1, 5, 5, 4).movedim(-1, 1), **fields)
