"""Sliding windows: the arithmetic that convolutions and pools share, said once."""

from __future__ import annotations

from typing import Any

from netdsl.extent import Extent, surely_more
from netdsl.ops.kinds import Pads, Side, collapse
from netdsl.ops.op import OpError, Shape, show_shape
from netdsl.ops.rules import per_axis


def slide(extent: Extent, kernel: int, stride: int, padding: Extent, dilation: int) -> Extent:
    """How many windows there are: `(extent + padding - dilation*(kernel - 1) - 1) // stride + 1`.

    `padding` is that of both sides together.
    """
    return (extent + padding - dilation * (kernel - 1) - 1) // stride + 1


def sides(pad: Pads, rank: int, attribute: str = "pad") -> tuple[Side, ...]:
    """For each axis an int, or a pair where the two sides differ."""
    given: Any = pad
    return tuple(collapse(side) for side in per_axis(given, rank, attribute))


def total(side: Side) -> int:
    """The padding of both sides together."""
    return side[0] + side[1] if isinstance(side, tuple) else 2 * side


def is_even(pads: tuple[Side, ...]) -> bool:
    """Whether every axis is padded alike on both sides, as torch's own padding is."""
    return not any(isinstance(side, tuple) for side in pads)


def flat(pads: tuple[Side, ...]) -> tuple[int, ...]:
    """As `F.pad` wants them: last axis first, before and after."""
    found: list[int] = []
    for side in reversed(pads):
        found += side if isinstance(side, tuple) else (side, side)
    return tuple(found)


def fits(name: str, x: Shape, kernels: tuple[int, ...], dilations: tuple[int, ...], pads: tuple[Side, ...]) -> None:
    """OpError where a window is larger than the padded input, for every value of the symbols."""
    # Nothing of this reaches the code, so traces are dropped on the way: that is three times faster.
    reaches = tuple(int(d) * (int(k) - 1) + 1 for k, d in zip(kernels, dilations, strict=True))
    extents = tuple(int(e) if isinstance(e, int) else e for e in x[1:])
    padded = tuple(extent + int(total(side)) for extent, side in zip(extents, pads, strict=True))
    for axis, (reach, extent) in enumerate(zip(reaches, padded, strict=True), 1):
        if surely_more(reach, extent):
            dilated = " dilated," if any(d > 1 for d in dilations) else ""
            with_padding = " with padding" if padded != extents else ""
            raise OpError(
                f"the window of `{name}`, {show_shape(reaches)},{dilated} is larger than its input, "
                f"{show_shape(padded)}{with_padding}",
                code="N404",
                attribute="kernel",
                help="use a smaller kernel or more `pad`, or shrink the map less before",
                notes=(f"along axis {axis} the window covers {reach}, and there are {extent}",),
            )


def default_pads(name: str, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> tuple[Side, ...]:
    """Half of the dilated kernel, which keeps the size at stride 1; only odd kernels have such a half."""
    for k in kernels:
        if k % 2 == 0:
            keeps = ", ".join([f"[{(k - 1) // 2}, {k // 2}]"] * len(kernels))
            raise OpError(
                f"`{name}` with an even kernel, {k}, must say its `pad`: there is no even half of it",
                code="N412",
                attribute="kernel",
                help=f"write `pad = 0`, or `pad = [{keeps}]` to keep the size",
            )
    return tuple(d * (k // 2) for k, d in zip(kernels, dilations, strict=True))


def reflects(name: str, x: Shape, pads: tuple[Side, ...], mode: str, attribute: str = "pad", first: int = 1) -> None:
    """OpError where the input has too few points to reflect (at most extent - 1) or to wrap around (at most extent)."""
    if mode not in ("reflect", "circular"):
        return
    for axis, (extent, side) in enumerate(zip(x[first:], pads, strict=True), first):
        widest = max(side) if isinstance(side, tuple) else side
        if surely_more(widest + (mode == "reflect"), extent):
            raise OpError(
                f"`{name}` cannot pad axis {axis} by {widest}, {mode}: it has only {extent}",
                code="N412",
                attribute=attribute,
                help=f"pad by at most {extent - 1 if mode == 'reflect' else extent}, or choose another mode",
            )


def rounded_up(extent: Extent, kernel: int, stride: int, pad: int, dilation: int) -> Extent:
    """The number of windows in ceil mode, torch's rule: the last window must start inside the input or the padding
    before it, so `min(⌈(extent + 2·pad - dilation·(kernel-1) - 1) / stride⌉, ⌊(extent + pad - 1) / stride⌋) + 1`.
    """
    if pad + stride - 1 <= dilation * (kernel - 1):
        return (extent + 2 * pad - dilation * (kernel - 1) - 1 + stride - 1) // stride + 1
    return (extent + pad - 1) // stride + 1
