"""Every operator as ONNX nodes. Shapes have the batch in front and are known, so extents are constants."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from tests.random.onnx_leg.builder import Builder

Shapes: TypeAlias = list[tuple[int, ...]]
Held: TypeAlias = dict[str, str]


class Untranslated(Exception):
    """ONNX, or ONNX Runtime, has no node for these settings."""


def each(value: Any, rank: int) -> list[int]:
    return [int(v) for v in value] if isinstance(value, tuple | list) else [int(value)] * rank


def sides(value: Any, rank: int) -> list[tuple[int, int]]:
    items = value if isinstance(value, tuple | list) else [value] * rank
    return [(int(v[0]), int(v[1])) if isinstance(v, tuple | list) else (int(v), int(v)) for v in items]


def axis_of(axis: int, shape: tuple[int, ...]) -> int:
    return int(axis) + 1 if axis >= 0 else len(shape) + int(axis)


def channels(b: Builder, name: str, shape: tuple[int, ...]) -> str:
    """A vector of channels that goes with N×C×L.."""
    return b.shaped(name, (1, -1, *(1,) * (len(shape) - 2)))


# ------------------------------------------------------------------------------------------------------- convolutions


def conv(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    pads = _pads(a, rank)
    if a.mode != "zeros" and any(map(any, pads)):
        x = _pad(b, x, [(0, 0), (0, 0), *pads], {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[a.mode])
        pads = [(0, 0)] * rank
    bias = [w["bias"]] if "bias" in w else []
    return b("Conv", x, w["weight"], *bias, group=int(a.groups), **_window(a, pads, rank))


def _pads(a: Any, rank: int) -> list[tuple[int, int]]:
    if a.pad is not None:
        return sides(a.pad, rank)
    return [(d * (k // 2),) * 2 for k, d in zip(each(a.kernel, rank), each(a.dilation, rank), strict=True)]


def _window(a: Any, pads: list[tuple[int, int]], rank: int) -> dict[str, Any]:
    stride = a.kernel if a.stride is None else a.stride
    found = {
        "kernel_shape": each(a.kernel, rank),
        "strides": each(stride, rank),
        "pads": [p for p, _ in pads] + [q for _, q in pads],
    }
    return {**found, "dilations": each(a.dilation, rank)} if hasattr(a, "dilation") else found


def _pad(b: Builder, x: str, pads: list[tuple[int, int]], mode: str = "constant", value: float = 0.0) -> str:
    amounts = b.ints(*(p for p, _ in pads), *(q for _, q in pads))
    return b("Pad", x, amounts, b.constant(value), mode=mode)


def separable_conv(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    x = b("Conv", x, w["depthwise.weight"], group=s[0][1], **_window(a, _pads(a, rank), rank))
    bias = [w["pointwise.bias"]] if "pointwise.bias" in w else []
    return b("Conv", x, w["pointwise.weight"], *bias)


def deconv(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    pads = [(p, p) for p in each(a.pad, rank)]
    if any(m >= s_ for m, s_ in zip(each(a.output_pad, rank), each(a.stride, rank), strict=True)):
        raise Untranslated
    more: dict[str, Any] = {"output_padding": each(a.output_pad, rank), "group": int(a.groups)}
    bias = [w["bias"]] if "bias" in w else []
    return b("ConvTranspose", x, w["weight"], *bias, **_window(a, pads, rank), **more)


# ------------------------------------------------------------------------------------------------------------- linear


def linear(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    axis = 1 if a.axis is None else axis_of(a.axis, s[0])
    order = [i for i in range(len(s[0])) if i != axis] + [axis]
    y = b("MatMul", b("Transpose", x, perm=order), b("Transpose", w["weight"], perm=[1, 0]))
    y = b("Add", y, w["bias"]) if "bias" in w else y
    return b("Transpose", y, perm=[int(i) for i in np.argsort(order)])


def matmul(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    return b("MatMul", x, _swapped(b, y, s[1]) if a.transpose else y)


def _swapped(b: Builder, x: str, shape: tuple[int, ...], first: int = -2, second: int = -1) -> str:
    order = list(range(len(shape)))
    order[first], order[second] = order[second], order[first]
    return b("Transpose", x, perm=order)


def one_hot(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    return b("OneHot", x, b.ints(int(a.classes)), b.constant([0, 1]), axis=1)


# -------------------------------------------------------------------------------------------------------------- norms


def _standard(b: Builder, x: str, axes: list[int], eps: float) -> str:
    at = b.ints(*axes)
    centred = b("Sub", x, b("ReduceMean", x, at))
    variance = b("ReduceMean", b("Mul", centred, centred), at)
    return b("Div", centred, b("Sqrt", b("Add", variance, b.constant(eps))))


def _affine(b: Builder, w: Held, s: Shapes, y: str) -> str:
    if "weight" in w:
        y = b("Mul", y, channels(b, w["weight"], s[0]))
    return b("Add", y, channels(b, w["bias"], s[0])) if "bias" in w else y


def batch_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    if not a.track:
        return _affine(b, w, s, _standard(b, x, [0, *range(2, len(s[0]))], a.eps))
    ones, zeros = b.constant(np.ones(s[0][1])), b.constant(np.zeros(s[0][1]))
    held = w.get("weight", ones), w.get("bias", zeros), w["running_mean"], w["running_var"]
    return b("BatchNormalization", x, *held, epsilon=float(a.eps))


def instance_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    ones, zeros = b.constant(np.ones(s[0][1])), b.constant(np.zeros(s[0][1]))
    return b("InstanceNormalization", x, w.get("weight", ones), w.get("bias", zeros), epsilon=float(a.eps))


def group_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    groups = b.shaped(x, (s[0][0], int(a.groups), -1))
    return _affine(b, w, s, b.shaped(_standard(b, groups, [2], a.eps), s[0]))


def layer_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    axes = list(range(1, len(s[0])))
    if a.axis is not None:
        axes = sorted({axis_of(i, s[0]) for i in (a.axis if isinstance(a.axis, tuple | list) else (a.axis,))})
    y = _standard(b, x, axes, a.eps)
    shape = tuple(e if i in axes else 1 for i, e in enumerate(s[0]))
    if "weight" in w:
        y = b("Mul", y, b.shaped(w["weight"], shape))
    return b("Add", y, b.shaped(w["bias"], shape)) if "bias" in w else y


def lrn(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    if a.size % 2 == 0 or len(s[0]) != 4:
        raise Untranslated
    return b("LRN", x, size=int(a.size), alpha=float(a.alpha), beta=float(a.beta), bias=float(a.k))


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


# -------------------------------------------------------------------------------------------------------------- pools


def max_pool(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    return b("MaxPool", x, ceil_mode=int(a.ceil), **_window(a, sides(a.pad, rank), rank))


def avg_pool(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    more = {"ceil_mode": int(a.ceil), "count_include_pad": int(a.count_include_pad)}
    return b("AveragePool", x, **_window(a, sides(a.pad, rank), rank), **more)


def whole(kind: str) -> Any:
    def translate(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> Any:
        y = b(kind, x)
        return y if a.keep else b.shaped(y, s[0][:2])

    return translate


def adaptive(kind: str) -> Any:
    """Where the windows are all alike."""

    def translate(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> Any:
        size = each(a.size, len(s[0]) - 2)
        if any(extent % n for extent, n in zip(s[0][2:], size, strict=True)):
            raise Untranslated
        kernel = [extent // n for extent, n in zip(s[0][2:], size, strict=True)]
        return b(kind, x, kernel_shape=kernel, strides=kernel)

    return translate


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
    return _swapped(b, x, s[0], axis_of(a.first, s[0]), axis_of(a.second, s[0]))


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
    return _pad(b, x, pads, mode, a.value)


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
    return b.shaped(_swapped(b, dealt, (batch, 1, 1, *extents), 1, 2), s[0])


def warp(b: Builder, a: Any, w: Held, s: Shapes, x: str, flow: str) -> str:
    extents = s[0][2:]
    if len(extents) != 2 or 1 in extents or a.mode == "nearest":  # volumes, and ties between two points
        raise Untranslated
    half = [(e - 1) / 2 for e in extents] if a.unit == "points" else [1.0] * len(extents)
    base = np.stack(np.meshgrid(*(np.linspace(-1, 1, e) for e in extents), indexing="ij"))
    moved = b("Add", b("Div", flow, b.constant(np.reshape(half, (1, -1, 1, 1)))), b.constant(base[None]))
    grid = b("Transpose", b("Gather", moved, b.ints(1, 0), axis=1), perm=[0, 2, 3, 1])
    return b("GridSample", x, grid, mode="linear", padding_mode=str(a.padding), align_corners=1)


# ------------------------------------------------------------------------------------------------------------- losses


def _over(b: Builder, a: Any, x: str) -> str:
    return b("ReduceMean" if a.reduction == "mean" else "ReduceSum", x, keepdims=0)


def cross_entropy(b: Builder, a: Any, w: Held, s: Shapes, x: str, label: str) -> str:
    if a.smoothing:
        raise Untranslated
    more = {} if a.ignore is None else {"ignore_index": int(a.ignore)}
    return b("SoftmaxCrossEntropyLoss", x, label, reduction=str(a.reduction), **more)


def nll(b: Builder, a: Any, w: Held, s: Shapes, x: str, label: str) -> str:
    return b("NegativeLogLikelihoodLoss", x if a.log else b("Log", x), label, reduction=str(a.reduction))


def binary_cross_entropy(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    one = b.constant(1.0)
    if a.logits:
        right, wrong = b("Softplus", b("Neg", x)), b("Softplus", x)
    else:
        right, wrong = b("Neg", b("Log", x)), b("Neg", b("Log", b("Sub", one, x)))
    return _over(b, a, b("Add", b("Mul", y, right), b("Mul", b("Sub", one, y), wrong)))


def mse(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    d = b("Sub", x, y)
    return _over(b, a, b("Mul", d, d))


def l1(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    return _over(b, a, b("Abs", b("Sub", x, y)))


def smooth_l1(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    if a.beta == 0:
        return l1(b, a, w, s, x, y)
    d, beta = b("Abs", b("Sub", x, y)), b.constant(a.beta)
    small, large = b("Div", b("Mul", d, b("Mul", d, b.constant(0.5))), beta), b("Sub", d, b.constant(0.5 * a.beta))
    return _over(b, a, b("Where", b("Less", d, beta), small, large))


def _over_samples(b: Builder, a: Any, s: Shapes, x: str) -> str:
    total = b("ReduceSum", x, keepdims=0)
    return b("Div", total, b.constant(s[0][0])) if a.reduction == "mean" else total


def kl(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    return _over_samples(b, a, s, b("Mul", y, b("Sub", b("Log", y), x)))


def gaussian_kl(b: Builder, a: Any, w: Held, s: Shapes, mean: str, logvar: str) -> str:
    each_ = b("Sub", b("Sub", b("Add", b("Mul", mean, mean), b("Exp", logvar)), b.constant(1.0)), logvar)
    return _over_samples(b, a, s, b("Mul", each_, b.constant(0.5)))


def dice(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str) -> str:
    axes, eps = b.ints(*range(2, len(s[0]))), b.constant(a.eps)
    both = b("ReduceSum", b("Mul", x, y), axes, keepdims=0)
    alone = b("ReduceSum", b("Add", x, y), axes, keepdims=0)
    share = b("Div", b("Add", b("Add", both, both), eps), b("Add", alone, eps))
    return _over(b, a, b("Sub", b.constant(1.0), share))


def contrastive(b: Builder, a: Any, w: Held, s: Shapes, x: str, y: str, same: str) -> str:
    d = b("ReduceL2", b("Sub", x, y), b.ints(*range(1, len(s[0]))), keepdims=0)
    same = b.shaped(same, (-1,))
    gap = b("Relu", b("Sub", b.constant(a.margin), d))
    apart = b("Mul", b("Sub", b.constant(1.0), same), b("Mul", gap, gap))
    return _over(b, a, b("Mul", b.constant(0.5), b("Add", b("Mul", same, b("Mul", d, d)), apart)))


def triplet(b: Builder, a: Any, w: Held, s: Shapes, anchor: str, positive: str, negative: str) -> str:
    near, far = (
        b("ReduceL2", b("Add", b("Sub", anchor, x), b.constant(1e-6)), b.ints(1), keepdims=0)
        for x in (positive, negative)
    )
    return _over(b, a, b("Relu", b("Add", b("Sub", near, far), b.constant(a.margin))))


TRANSLATIONS: dict[str, Any] = {
    "conv": conv, "separable_conv": separable_conv, "deconv": deconv,
    "linear": linear, "matmul": matmul, "one_hot": one_hot,
    "batch_norm": batch_norm, "instance_norm": instance_norm, "group_norm": group_norm, "layer_norm": layer_norm,
    "lrn": lrn,
    "relu": simple("Relu"), "relu6": relu6, "leaky_relu": simple("LeakyRelu", alpha="slope"), "prelu": prelu,
    "elu": simple("Elu", alpha="alpha"), "selu": simple("Selu"), "celu": simple("Celu", alpha="alpha"), "gelu": gelu,
    "silu": silu, "mish": simple("Mish"), "hardswish": simple("HardSwish"), "hardsigmoid": hardsigmoid,
    "hardtanh": hardtanh, "softplus": softplus, "sigmoid": simple("Sigmoid"), "tanh": simple("Tanh"),
    "softmax": along("Softmax"), "log_softmax": along("LogSoftmax"), "squash": squash,
    "max_pool": max_pool, "avg_pool": avg_pool,
    "global_avg_pool": whole("GlobalAveragePool"), "global_max_pool": whole("GlobalMaxPool"),
    "adaptive_avg_pool": adaptive("AveragePool"), "adaptive_max_pool": adaptive("MaxPool"),
    "identity": simple("Identity"), "flatten": flatten, "reshape": reshape, "unflatten": unflatten,
    "permute": permute, "transpose": transpose, "split": split, "expand": expand,
    "slice": slice_, "crop": crop, "pad": pad, "upsample": upsample, "resize": resize,
    "add": arithmetic("Add"), "sub": arithmetic("Sub"), "mul": arithmetic("Mul"), "div": arithmetic("Div"),
    "pow": arithmetic("Pow"), "neg": simple("Neg"), "abs": simple("Abs"), "exp": simple("Exp"), "log": simple("Log"),
    "sqrt": simple("Sqrt"), "square": square, "clamp": clamp, "concat": concat, "stack": stack,
    "sum": reduction("ReduceSum", "Sum"), "mean": reduction("ReduceMean", "Mean"),
    "max": reduction("ReduceMax", "Max"), "min": reduction("ReduceMin", "Min"),
    "norm": norm, "l2_normalise": l2_normalise, "distance": distance,
    "dropout": simple("Identity"), "drop_path": simple("Identity"), "noise": noise,
    "scale": lambda b, a, w, s, x: _affine(b, w, s, x), "parameter": parameter,
    "channel_shuffle": channel_shuffle, "warp": warp,
    "cross_entropy": cross_entropy, "nll": nll, "binary_cross_entropy": binary_cross_entropy, "mse": mse, "l1": l1,
    "smooth_l1": smooth_l1, "kl": kl, "gaussian_kl": gaussian_kl, "dice": dice, "contrastive": contrastive,
    "triplet": triplet,
}  # fmt: skip
