"""The kernels that are faster where they apply, on calls that they take; and what they say of those they do not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netdsl.kernels import NONE, Activation, Config, Refused
from tests.kernels.conv_case import ConvCase, check, conv_cases
from tests.kernels.maps import Place, places

# Buffers of 8 channels and multiples, slices at multiples: 16 bytes in every dtype. The channels themselves are free.
ALIGNED: dict[str, Any] = dict(transposed=False, output_padding=(), multiple=8)
TILES = st.sampled_from(((32, 32, 16), (64, 16, 32), (32, 64, 32)))


@st.composite
def boxes(draw: st.DrawFn, /, **fixed: Any) -> ConvCase:
    """Calls of the TMA kernels on two axes, or on one."""
    rank = draw(st.sampled_from((1, 2, 2)))

    def axes(values: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(values) for _ in range(rank))

    values: dict[str, Any] = dict(
        channels=(draw(st.sampled_from((8, 24, 16, 5, 33))),),
        groups=1,
        outputs=draw(st.sampled_from((8, 12, 40))),
        spatial=axes(st.integers(1, 9)),
        kernel=axes(st.integers(1, 3)),
        stride=(1,) * rank,
        padding=axes(st.sampled_from(((0, 0), (1, 1), (0, 2), (3, 1)))),
        dilation=axes(st.sampled_from((1, 1, 2))),
        prologue=None,
        weight="last",
        source=draw(places(8)),
        output=draw(places(8)),
        tile=draw(TILES),
        **ALIGNED,
    )
    values |= fixed
    multiple = 8  # a weight has no buffer around it: its own channels must keep the rows of taps aligned
    values["channels"] = tuple(-(-c // multiple) * multiple for c in values["channels"])
    return draw(conv_cases(**values))


@settings(max_examples=40)
@given(boxes(kernel_name="conv_tma_box"))
def test_boxes(case: ConvCase):
    check(case)


@settings(max_examples=15)
@given(boxes(kernel_name="conv_tma_box", channels=(32, 16), tile=(32, 32, 16)))
def test_boxes_of_two_sources(case: ConvCase):
    check(case)


@settings(max_examples=8)
@given(boxes(kernel_name="conv_tma_box", channels=(16, 32, 16, 8), tile=(32, 32, 16)))
def test_boxes_of_four_sources(case: ConvCase):
    check(case)


@settings(max_examples=30)
@given(st.data())
def test_rows(data: st.DataObject):
    """A crop's rows do not follow one another: only slices."""
    before, after = (data.draw(st.integers(0, 2)) * 8 for _ in range(2))
    rank = data.draw(st.sampled_from((1, 2, 3)))
    case = data.draw(
        conv_cases(
            kernel_name="conv_tma_rows",
            channels=(data.draw(st.sampled_from((8, 24, 40))),),
            groups=1,
            outputs=data.draw(st.sampled_from((8, 12, 40))),
            spatial=tuple(data.draw(st.integers(1, 4)) for _ in range(rank)),
            kernel=(1,) * rank,
            stride=(1,) * rank,
            padding=((0, 0),) * rank,
            dilation=(1,) * rank,
            weight="last",
            source=Place(before, after),
            output=Place(after, before),
            tile=data.draw(TILES),
            **ALIGNED,
        )
    )
    check(case)


@settings(max_examples=30)
@given(st.data())
def test_boxes_of_stride_two(data: st.DataObject):
    even = st.sampled_from((2, 4, 6, 10))
    case = data.draw(
        boxes(
            kernel_name="conv_tma_stride2",
            channels=(data.draw(st.sampled_from((16, 32, 48))),),
            spatial=(data.draw(even), data.draw(even)),
            kernel=(data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))),
            stride=(2, 2),
            padding=tuple(data.draw(st.sampled_from(((0, 0), (1, 1), (2, 3), (3, 3)))) for _ in range(2)),
            dilation=(data.draw(st.integers(1, 2)), 1),
            tile=(32, 32, 16),
        )
    )
    check(case)


@settings(max_examples=40)
@given(st.data())
def test_the_stem(data: st.DataObject):
    rank = data.draw(st.sampled_from((1, 2, 2, 3)))
    channels = data.draw(st.integers(1, 5))
    place = data.draw(st.sampled_from((Place(), Place(0, 1), Place(2, 0, 1))))
    assume(7 * (channels + place.before + place.after) <= 128)
    drawn = conv_cases(
        kernel_name="conv_stem",
        channels=(channels,),
        groups=1,
        outputs=data.draw(st.sampled_from((4, 32, 40))),
        spatial=tuple(data.draw(st.integers(1, {1: 20, 2: 9, 3: 4}[rank])) for _ in range(rank)),
        kernel=tuple(data.draw(st.integers(1, 7 if rank < 3 else 3)) for _ in range(rank)),
        stride=tuple(data.draw(st.integers(1, 3)) for _ in range(rank)),
        padding=tuple(data.draw(st.sampled_from(((0, 0), (3, 3), (1, 2)))) for _ in range(rank)),
        dilation=(2,) * (rank - 1) + (1,),
        source=place,
        tile=data.draw(st.sampled_from(((64, 32), (32, 16)))),
        transposed=False,
        output_padding=(),
    )
    check(data.draw(drawn))


@settings(max_examples=40)
@given(st.data())
def test_depthwise(data: st.DataObject):
    channels = data.draw(st.integers(2, 40))
    rank = data.draw(st.sampled_from((1, 2, 2, 3)))
    drawn = conv_cases(
        kernel_name="conv_depthwise",
        channels=(channels,),
        groups=channels,
        outputs=channels,
        spatial=tuple(data.draw(st.integers(1, {1: 20, 2: 7, 3: 4}[rank])) for _ in range(rank)),
        kernel=tuple(data.draw(st.integers(1, {1: 5, 2: 4, 3: 2}[rank])) for _ in range(rank)),
        stride=tuple(data.draw(st.integers(1, 2)) for _ in range(rank)),
        padding=tuple(data.draw(st.sampled_from(((0, 0), (1, 1), (1, 2)))) for _ in range(rank)),
        dilation=tuple(data.draw(st.integers(1, 2)) for _ in range(rank)),
        tile=data.draw(st.sampled_from(((64, 32), (32, 16)))),
        transposed=False,
        output_padding=(),
    )
    check(data.draw(drawn))


PLAIN = ConvCase((16,), 16, (6, 6), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), multiple=8)


@pytest.mark.parametrize(
    ("kernel", "change", "reason"),
    [
        ("conv_tma_rows", {}, "no 1x1 of stride 1"),
        ("conv_tma_rows", dict(kernel=(1, 1), padding=((0, 1), (0, 0))), "no 1x1 of stride 1"),
        (
            "conv_tma_rows",
            dict(kernel=(1, 1), padding=((0, 0), (0, 0)), source=Place(around=1)),
            "do not follow one another evenly",
        ),
        ("conv_tma_rows", dict(kernel=(1, 1), padding=((0, 0),) * 2, channels=(16, 16)), "several sources"),
        ("conv_tma_box", dict(stride=(2, 1)), "stride is not 1"),
        ("conv_tma_box", dict(groups=2), "grouped"),
        ("conv_tma_box", dict(prologue=Activation("relu")), "prologue"),
        ("conv_tma_box", dict(source=Place(before=4), dtype=torch.float16), "16 bytes"),
        ("conv_tma_box", dict(channels=(20,), outputs=24, multiple=1, dtype=torch.float16), "16 bytes"),
        ("conv_tma_box", dict(weight="packed"), "channels are not together"),
        ("conv_tma_box", dict(channels=(8, 16)), "no multiple of 16"),
        ("conv_tma_box", dict(transposed=True, output_padding=(0, 0)), "transposed"),
        (
            "conv_tma_box",
            dict(spatial=(3, 3, 3), kernel=(3,) * 3, stride=(1,) * 3, padding=((1, 1),) * 3, dilation=(1,) * 3),
            "three spatial axes",
        ),
        ("conv_tma_stride2", {}, "stride is not 2"),
        ("conv_tma_stride2", dict(stride=(2, 2), spatial=(7, 6)), "odd"),
        ("conv_tma_stride2", dict(stride=(2, 2), channels=(24,)), "no multiple of 16"),
        ("conv_stem", {}, "more than 128 elements"),
        ("conv_stem", dict(channels=(3,), dilation=(1, 2)), "dilated"),
        ("conv_depthwise", {}, "not depthwise"),
        ("conv_depthwise", dict(groups=16, outputs=32), "not depthwise"),
    ],
)
def test_what_a_kernel_cannot_do_it_says(kernel, change, reason):
    tile = (32, 32) if kernel in ("conv_stem", "conv_depthwise") else (32, 32, 16)
    fields: dict[str, Any] = {**vars(PLAIN), "kernel_name": kernel, "tile": tile, **change}
    if kernel == "conv_stem" and not change:
        fields["channels"] = (48,)
    with pytest.raises(Refused, match=reason):
        check(ConvCase(**fields))
    check(ConvCase(**fields | {"kernel_name": "conv_pointer", "tile": (32, 32, 16)}))  # which takes every call


def test_a_kernel_that_does_not_exist():
    with pytest.raises(Refused, match="no kernel is called 'conv_magic'"):
        check(ConvCase(**vars(PLAIN) | {"kernel_name": "conv_magic"}))


def test_activations_are_known_by_name():
    with pytest.raises(ValueError, match="knows the activation 'swish'"):
        Activation("swish")
    assert str(Config("conv_stem", (64, 32), 4, 3)) == "conv_stem 64x32 w4 s3"
    assert NONE.kind == "none"
