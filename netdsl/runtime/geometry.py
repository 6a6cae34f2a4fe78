"""How the windows of convolutions and pools lie, with every default filled in."""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.kinds import Side
from netdsl.ops.op import Shape
from netdsl.ops.pool import AvgPool, MaxPool
from netdsl.ops.rules import per_axis
from netdsl.ops.window import default_pads, sides


class Geometry(NamedTuple):
    """An entry for each spatial axis; padding is (before, after)."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1
    output_padding: tuple[int, ...] = ()


def geometry(op: Conv | Deconv | MaxPool | AvgPool, rank: int) -> Geometry:
    """Of an operator on maps with `rank` spatial axes."""
    given: Any = op
    kernel = _ints(given.kernel, rank)
    stride = kernel if given.stride is None else _ints(given.stride, rank)
    dilation = _ints(getattr(given, "dilation", 1), rank)
    pads = default_pads(op.name, kernel, dilation) if given.pad is None else sides(given.pad, rank)
    output_padding = _ints(op.output_pad, rank) if isinstance(op, Deconv) else ()
    return Geometry(kernel, stride, tuple(map(_both, pads)), dilation, int(getattr(given, "groups", 1)), output_padding)


def known(shape: Shape) -> tuple[int, ...]:
    """The extents, all of which must be numbers."""
    assert all(isinstance(extent, int) for extent in shape), f"{shape} is not known"
    return tuple(int(extent) for extent in shape)  # type: ignore[arg-type]


def _ints(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(int(extent) for extent in per_axis(value, rank, "extents"))


def _both(side: Side) -> tuple[int, int]:
    before, after = side if isinstance(side, tuple) else (side, side)
    return int(before), int(after)
