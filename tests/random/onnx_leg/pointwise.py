"""Activations, arithmetic, reductions, and what moves numbers about, as ONNX nodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.random.onnx_leg.builder import Builder, Held, Shapes, Untranslated, axis_of, channels, each, sides
from tests.random.onnx_leg.layers import padded, swapped

# -------------------------------------------------------------------------------------------------------- activations


def simple(kind: str, **names: str) -> Any:
    """An operator that is one node; `names` are the node's attributes and whose values they have."""

    def translate(b: Builder, a: Any, w: Held, s: Shapes, *xs: str) -> Any:
        settings: dict[str, Any] = {key: float(getattr(a, name)) for key, name in names.items()}
        return b(kind, *xs, **settings)

    return translate


def relu6(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Clip", x, b.constant(0.0), b.constant(6.0))


def prelu(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    slope = w["weight"] if a.single or len(s[0]) < 2 else channels(b, w["weight"], s[0])
    return b("PRelu", x, slope)


def gelu(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Gelu", x, approximate=str(a.approximate))


def silu(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Mul", x, b("Sigmoid", x))


def hardsigmoid(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def hardtanh(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Clip", x, b.constant(a.low), b.constant(a.high))


def softplus(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Div", b("Softplus", b("Mul", x, b.constant(a.beta))), b.constant(a.beta))


def along(kind: str) -> Any:
    def translate(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> Any:
        return b(kind, x, axis=axis_of(a.axis, s[0]))

    return translate


def squash(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    square = b("ReduceSumSquare", x, b.ints(axis_of(a.axis, s[0])))
    factor = b("Div", square, b("Add", square, b.constant(1.0)))
    return b("Div", b("Mul", factor, x), b("Sqrt", b("Add", square, b.constant(a.eps))))


# ------------------------------------------------------------------------------------------------------------ reshape


def flatten(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    first, last = axis_of(a.first, s[0]), axis_of(a.last, s[0])
    return b.shaped(x, (*s[0][:first], math.prod(s[0][first : last + 1]), *s[0][last + 1 :]))


def reshape(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b.shaped(x, (s[0][0], *map(int, a.shape)))


def unflatten(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    axis = axis_of(a.axis, s[0])
    return b.shaped(x, (*s[0][:axis], *map(int, a.shape), *s[0][axis + 1 :]))


def permute(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Transpose", x, perm=[0, *(axis_of(i, s[0]) for i in a.order)])


def transpose(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return swapped(b, x, s[0], axis_of(a.first, s[0]), axis_of(a.second, s[0]))


def split(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> list[str]:
    axis = axis_of(a.axis, s[0])
    listed = isinstance(a.parts, tuple | list)
    sizes = [int(p) for p in a.parts] if listed else [s[0][axis] // int(a.parts)] * int(a.parts)
    found = b("Split", x, b.ints(*sizes), outputs=len(sizes), axis=axis)
    return [found] if isinstance(found, str) else found


def expand(b: Builder, a: Any, w: Held, s: Shapes, x: str, like: str) -> str:
    return b("Expand", x, b.ints(s[1][0], *s[0][1:]))


def slice_(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    stop = 2**31 if a.stop is None else int(a.stop)
    ends = b.ints(int(a.start)), b.ints(stop), b.ints(axis_of(a.axis, s[0])), b.ints(int(a.step))
    return b("Slice", x, *ends)


def crop(b: Builder, a: Any, w: Held, s: Shapes, x: str, *like: str) -> str:
    rank = len(s[0]) - 2
    size = list(s[1][2:]) if like else each(a.size, rank)
    spare = [extent - wanted for extent, wanted in zip(s[0][2:], size, strict=True)]
    begin = [n // 2 for n in spare] if a.offset is None else each(a.offset, rank)
    ends = [p + n for p, n in zip(begin, size, strict=True)]
    return b("Slice", x, b.ints(*begin), b.ints(*ends), b.ints(*range(2, 2 + rank)))


def pad(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    pads = [(0, 0)] * len(s[0])
    if a.axis is None:
        pads[2:] = sides(a.amount, rank)
    else:
        amount = a.amount[0] if isinstance(a.amount, tuple | list) and len(a.amount) == 1 else a.amount
        pair = amount if isinstance(amount, tuple | list) else (amount, amount)
        pads[axis_of(a.axis, s[0])] = int(pair[0]), int(pair[-1])
    mode = {"replicate": "edge", "circular": "wrap"}.get(a.mode, a.mode)
    return padded(b, x, pads, mode, a.value)


# ------------------------------------------------------------------------------------------------------------- resize


def upsample(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return _resized(b, a, s, x, [e * n for e, n in zip(s[0][2:], each(a.scale, len(s[0]) - 2), strict=True)])


def resize(b: Builder, a: Any, w: Held, s: Shapes, x: str, *like: str) -> str:
    return _resized(b, a, s, x, list(s[1][2:]) if like else each(a.size, len(s[0]) - 2))


def _resized(b: Builder, a: Any, s: Shapes, x: str, size: list[int]) -> str:
    if a.mode == "area":
        raise Untranslated
    settings: dict[str, Any] = {"coordinate_transformation_mode": "align_corners" if a.align_corners else "half_pixel"}
    if a.mode == "nearest":
        settings = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    elif a.mode == "nearest-exact":
        settings |= {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    elif a.mode == "bicubic":
        settings |= {"mode": "cubic", "cubic_coeff_a": -0.75}
    else:
        settings["mode"] = "linear"
    flat = len(size) == 1  # its interpolation wants two axes
    x = b.shaped(x, (*s[0][:2], 1, s[0][2])) if flat else x
    y = b("Resize", x, "", "", b.ints(*s[0][:2], *[1] * flat, *size), **settings)
    return b.shaped(y, (*s[0][:2], *size)) if flat else y


# --------------------------------------------------------------------------------------------------------- arithmetic


def arithmetic(kind: str) -> Any:
    def translate(b: Builder, a: Any, w: Held, s: Shapes, *xs: str) -> Any:
        if a.scalar is not None:
            pair = [b.constant(a.scalar), xs[0]] if a.reverse else [xs[0], b.constant(a.scalar)]
            return b(kind, *pair)
        rank = max(map(len, s))
        level = [
            b.shaped(x, shape + (1,) * (rank - len(shape))) if shape else x for x, shape in zip(xs, s, strict=True)
        ]
        found = level[0]
        for x in level[1:]:
            found = b(kind, found, x)
        return found

    return translate


def square(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("Mul", x, x)


def clamp(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    low = "" if a.low is None else b.constant(a.low)
    return b("Clip", x, low, *([] if a.high is None else [b.constant(a.high)]))


def concat(b: Builder, a: Any, w: Held, s: Shapes, *xs: str) -> str:
    return b("Concat", *xs, axis=axis_of(a.axis, s[0]))


def stack(b: Builder, a: Any, w: Held, s: Shapes, *xs: str) -> str:
    axis = int(a.axis) + 1 if a.axis >= 0 else len(s[0]) + 1 + int(a.axis)
    at = b.ints(axis)
    return b("Concat", *(b("Unsqueeze", x, at) for x in xs), axis=axis)


def reduction(kind: str, several: str) -> Any:
    def translate(b: Builder, a: Any, w: Held, s: Shapes, *xs: str) -> Any:
        if len(xs) > 1:
            return b(several, *xs)
        if len(s[0]) < 2:
            return b(kind, xs[0], keepdims=0)
        return b(kind, xs[0], b.ints(*_axes(a.axis, s[0])), keepdims=int(a.keep))

    return translate


def _axes(axis: Any, shape: tuple[int, ...]) -> list[int]:
    if axis is None:
        return list(range(1, len(shape)))
    return [axis_of(i, shape) for i in (axis if isinstance(axis, tuple | list) else (axis,))]


def norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return _length(b, x, _axes(a.axis, s[0]), a.p, bool(a.keep))


def _length(b: Builder, x: str, axes: list[int], p: float, keep: bool) -> str:
    powers = b("Pow", b("Abs", x), b.constant(p))
    total = b("ReduceSum", powers, b.ints(*axes), keepdims=int(keep)) if axes else powers
    return b("Pow", total, b.constant(1 / p))


def l2_normalise(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    length = b("ReduceL2", x, b.ints(axis_of(a.axis, s[0])))
    return b("Div", x, b("Max", length, b.constant(a.eps)))


def distance(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    return _length(b, b("Sub", x, y), list(range(1, len(s[0]))), a.p, False)


# ----------------------------------------------------------------------------------------- random, learned and vision


def noise(b: Builder, a: Any, w: Held, s: Shapes, like: str) -> str:
    """The same function that stands for torch's generators."""
    like = b("Tanh", like)
    if a.kind == "normal":
        drawn = b("Sin", b("Mul", like, b.constant(3.0)))
    else:
        drawn = b("Add", b.constant(0.5), b("Mul", b.constant(0.5), b("Sin", b("Mul", like, b.constant(5.0)))))
    return b("Mul", drawn, b.constant(a.std))


def parameter(b: Builder, a: Any, w: Held, s: Shapes) -> str:
    return b("Identity", w[""])


def channel_shuffle(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    batch, count, *extents = s[0]
    dealt = b.shaped(x, (batch, int(a.groups), count // int(a.groups), *extents))
    return b.shaped(swapped(b, dealt, (batch, 1, 1, *extents), 1, 2), s[0])


def warp(b: Builder, a: Any, w: Held, s: Shapes, x: str, flow: str) -> str:
    extents = s[0][2:]
    if len(extents) != 2 or 1 in extents or a.mode == "nearest":  # volumes, and ties between two points
        raise Untranslated
    half = [(e - 1) / 2 for e in extents] if a.unit == "points" else [1.0] * len(extents)
    base = np.stack(np.meshgrid(*(np.linspace(-1, 1, e) for e in extents), indexing="ij"))
    moved = b("Add", b("Div", flow, b.constant(np.reshape(half, (1, -1, 1, 1)))), b.constant(base[None]))
    grid = b("Transpose", b("Gather", moved, b.ints(1, 0), axis=1), perm=[0, 2, 3, 1])
    return b("GridSample", x, grid, mode="linear", padding_mode=str(a.padding), align_corners=1)
