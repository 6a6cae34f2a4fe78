"""Layers with weights, norms and pools as ONNX nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.random.onnx_leg.builder import Builder, Held, Shapes, Untranslated, axis_of, channels, each, sides

# ------------------------------------------------------------------------------------------------------- convolutions


def conv(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    rank = len(s[0]) - 2
    pads = _pads(a, rank)
    if a.mode != "zeros" and any(map(any, pads)):
        x = padded(
            b, x, [(0, 0), (0, 0), *pads], {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[a.mode]
        )
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


def padded(b: Builder, x: str, pads: list[tuple[int, int]], mode: str = "constant", value: float = 0.0) -> str:
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
    return b("MatMul", x, swapped(b, y, s[1]) if a.transpose else y)


def swapped(b: Builder, x: str, shape: tuple[int, ...], first: int = -2, second: int = -1) -> str:
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


def affine(b: Builder, w: Held, s: Shapes, y: str) -> str:
    if "weight" in w:
        y = b("Mul", y, channels(b, w["weight"], s[0]))
    return b("Add", y, channels(b, w["bias"], s[0])) if "bias" in w else y


def batch_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    if not a.track:
        return affine(b, w, s, _standard(b, x, [0, *range(2, len(s[0]))], a.eps))
    ones, zeros = b.constant(np.ones(s[0][1])), b.constant(np.zeros(s[0][1]))
    held = w.get("weight", ones), w.get("bias", zeros), w["running_mean"], w["running_var"]
    return b("BatchNormalization", x, *held, epsilon=float(a.eps))


def instance_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    ones, zeros = b.constant(np.ones(s[0][1])), b.constant(np.zeros(s[0][1]))
    return b("InstanceNormalization", x, w.get("weight", ones), w.get("bias", zeros), epsilon=float(a.eps))


def group_norm(b: Builder, a: Any, w: Held, s: Shapes, x: str) -> str:
    groups = b.shaped(x, (s[0][0], int(a.groups), -1))
    return affine(b, w, s, b.shaped(_standard(b, groups, [2], a.eps), s[0]))


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
