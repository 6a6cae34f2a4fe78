"""Convolutions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.reference.windows import Array, each, padded, per_channel, sides, windows


def conv(a: Any, w: dict[str, Array], x: Array) -> Array:
    rank = x.ndim - 2
    kernel, dilation = each(a.kernel, rank), each(a.dilation, rank)
    if a.pad is None:
        amounts = [(d * (k - 1) // 2,) * 2 for k, d in zip(kernel, dilation, strict=True)]
    else:
        amounts = sides(a.pad, rank)
    patches = windows(padded(x, amounts, a.mode), kernel, each(a.stride, rank), dilation)
    return biased(_products(patches, w["weight"], a.groups, rank), w)


def _products(patches: Array, weight: Array, groups: int, rank: int) -> Array:
    """Σ over the channels of a group and the points of a window."""
    batch, channels, places = patches.shape[0], patches.shape[1], patches.shape[2 : 2 + rank]
    out, within = weight.shape[0], channels // groups
    points = math.prod(weight.shape[2:])
    rows = np.moveaxis(patches.reshape(batch, groups, within, math.prod(places), points), 3, 2)
    rows = rows.reshape(batch, groups, math.prod(places), within * points)
    columns = weight.reshape(groups, out // groups, within * points).swapaxes(1, 2)
    return (rows @ columns).swapaxes(2, 3).reshape(batch, out, *places)


def biased(y: Array, w: dict[str, Array]) -> Array:
    return y + per_channel(w["bias"], y) if "bias" in w else y


def separable_conv(a: Any, w: dict[str, Array], x: Array) -> Array:
    rank = x.ndim - 2
    kernel, dilation = each(a.kernel, rank), each(a.dilation, rank)
    if a.pad is None:
        amounts = [(d * (k - 1) // 2,) * 2 for k, d in zip(kernel, dilation, strict=True)]
    else:
        amounts = sides(a.pad, rank)
    patches = windows(padded(x, amounts), kernel, each(a.stride, rank), dilation)
    depthwise = _products(patches, w["depthwise.weight"], x.shape[1], rank)
    y = np.einsum("oc,nc...->no...", w["pointwise.weight"].reshape(-1, depthwise.shape[1]), depthwise)
    return y + per_channel(w["pointwise.bias"], y) if "pointwise.bias" in w else y


def deconv(a: Any, w: dict[str, Array], x: Array) -> Array:
    """Every point of the input lays its weights into the output; the weight is [in, out / groups, *kernel]."""
    rank = x.ndim - 2
    kernel, stride, dilation = each(a.kernel, rank), each(a.stride, rank), each(a.dilation, rank)
    pad, more = each(a.pad, rank), each(a.output_pad, rank)
    groups, extents = int(a.groups), x.shape[2:]
    weight = w["weight"].reshape(groups, x.shape[1] // groups, -1, *kernel)
    whole = [(e - 1) * s + d * (k - 1) + 1 for e, s, d, k in zip(extents, stride, dilation, kernel, strict=True)]
    y = np.zeros((x.shape[0], groups, weight.shape[2], *(e + m for e, m in zip(whole, more, strict=True))))
    xs = x.reshape(x.shape[0], groups, -1, *extents)
    for point in np.ndindex(*kernel):
        laid = np.einsum("ngc...,gco->ngo...", xs, weight[(..., *point)])
        at: Any = tuple(
            slice(p * d, p * d + (e - 1) * s + 1, s)
            for p, d, e, s in zip(point, dilation, extents, stride, strict=True)
        )
        y[(..., *at)] += laid
    cut: Any = tuple(slice(p, y.shape[3 + i] - p) for i, p in enumerate(pad))
    y = y[(..., *cut)]
    return biased(y.reshape(x.shape[0], -1, *y.shape[3:]), w)


OPERATORS = (conv, separable_conv, deconv)
