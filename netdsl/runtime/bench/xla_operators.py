"""Operators as functions of jax.lax, on maps [N, H, W, C] and vectors [N, C]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from netdsl.graph import Node
from netdsl.runtime.bench.contender import Unfit
from netdsl.runtime.geometry import geometry, known

Array = Any
LAYOUT = ("NHWC", "HWIO", "NHWC")


class Call(NamedTuple):
    """Of an operator: its node, and how exactly products are wanted."""

    node: Node
    precision: lax.Precision | None


def _conv(call: Call, weights: Any, x: Array) -> Array:
    op: Any = call.node.op
    windows = geometry(op, 2)
    found = lax.conv_general_dilated(
        x,
        weights["weight"],
        windows.stride,
        windows.padding,
        rhs_dilation=windows.dilation,
        dimension_numbers=LAYOUT,
        feature_group_count=windows.groups,
        precision=call.precision,
    )
    return found + weights["bias"] if "bias" in weights else found


def _deconv(call: Call, weights: Any, x: Array) -> Array:
    """As a convolution of the input with `stride - 1` zeros between its points."""
    op: Any = call.node.op
    windows = geometry(op, 2)
    reach = [d * (k - 1) for k, d in zip(windows.kernel, windows.dilation, strict=True)]
    edges = zip(reach, windows.padding, windows.output_padding, strict=True)
    found = lax.conv_general_dilated(
        x,
        weights["weight"],
        (1, 1),
        [(r - before, r - after + more) for r, (before, after), more in edges],
        lhs_dilation=windows.stride,
        rhs_dilation=windows.dilation,
        dimension_numbers=LAYOUT,
        precision=call.precision,
    )
    return found + weights["bias"] if "bias" in weights else found


def _linear(call: Call, weights: Any, x: Array) -> Array:
    found = jnp.matmul(x, weights["weight"].T, precision=call.precision)
    return found + weights["bias"] if "bias" in weights else found


def _batch_norm(call: Call, weights: Any, x: Array) -> Array:
    return x * weights["scale"] + weights["shift"]


def _pool(x: Array, node: Node, nothing: float, combine: Any) -> tuple[Array, list[tuple[int, int]]]:
    """Windows of the map and the padding that they have, as far as `ceil` lets them reach beyond the end."""
    op: Any = node.op
    windows = geometry(op, 2)
    padding = []
    for axis, (k, s, (before, after), d) in enumerate(
        zip(windows.kernel, windows.stride, windows.padding, windows.dilation, strict=True), 1
    ):
        reached = (known(node.shape)[axis] - 1) * s + d * (k - 1) + 1
        padding.append((before, max(after, reached - before - x.shape[axis])))
    found = lax.reduce_window(
        x,
        np.array(nothing, x.dtype),
        combine,
        (1, *windows.kernel, 1),
        (1, *windows.stride, 1),
        ((0, 0), *padding, (0, 0)),
        window_dilation=(1, *windows.dilation, 1),
    )
    return found, padding


def _max_pool(call: Call, weights: Any, x: Array) -> Array:
    return _pool(x, call.node, -np.inf, lax.max)[0]


def _avg_pool(call: Call, weights: Any, x: Array) -> Array:
    op: Any = call.node.op
    total, padding = _pool(x, call.node, 0, lax.add)
    counts = jnp.ones((1, *x.shape[1:3], 1), x.dtype)
    declared = geometry(op, 2).padding
    if op.count_include_pad:  # the padding counts, and what `ceil` reaches beyond it does not
        counts = jnp.pad(counts, ((0, 0), *declared, (0, 0)), constant_values=1)
        rest = [(0, max(0, after - own[1])) for own, (_, after) in zip(declared, padding, strict=True)]
    else:
        rest = padding
    windows = geometry(op, 2)
    zero, sizes, strides = np.array(0, x.dtype), (1, *windows.kernel, 1), (1, *windows.stride, 1)
    return total / lax.reduce_window(counts, zero, lax.add, sizes, strides, ((0, 0), *rest, (0, 0)))


def _lrn(call: Call, weights: Any, x: Array) -> Array:
    op: Any = call.node.op
    around = (op.size // 2, (op.size - 1) // 2)
    none = (0, 0)
    zero = np.array(0, x.dtype)
    squares = lax.reduce_window(x * x, zero, lax.add, (1, 1, 1, op.size), (1, 1, 1, 1), (none, none, none, around))
    return x / (op.k + op.alpha / op.size * squares) ** op.beta


def _concat(call: Call, weights: Any, *operands: Array) -> Array:
    op: Any = call.node.op
    rank = operands[0].ndim - 1
    return jnp.concatenate(operands, _axis(op.axis, rank))


def _axis(axis: int, rank: int) -> int:
    """Where an axis of a sample stands in an array: channels, the first of them, come last."""
    axis %= rank
    return axis or rank


def _flatten(call: Call, weights: Any, x: Array) -> Array:
    if len(known(call.node.shape)) != 1:
        raise Unfit("the reader for JAX flattens whole maps only")
    return jnp.moveaxis(x, -1, 1).reshape(x.shape[0], -1)


def _crop(call: Call, weights: Any, x: Array, like: Array = None) -> Array:
    op: Any = call.node.op
    size = known(call.node.shape)[1:]
    offsets = [(extent - wanted) // 2 for extent, wanted in zip(x.shape[1:3], size, strict=True)]
    if op.offset is not None:
        offsets = list(op.offset) if isinstance(op.offset, tuple) else [op.offset] * 2
    return lax.dynamic_slice(x, (0, *offsets, 0), (x.shape[0], *size, x.shape[3]))


def _global(reduce: Callable[..., Array]) -> Callable[..., Array]:
    def pool(call: Call, weights: Any, x: Array) -> Array:
        op: Any = call.node.op
        return reduce(x, (1, 2), keepdims=op.keep)

    return pool


def _each(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda call, weights, *operands: function(*operands)


def _add(call: Call, weights: Any, *operands: Array) -> Array:
    op: Any = call.node.op
    if len({operand.ndim for operand in operands}) > 1:
        raise Unfit("the reader for JAX adds values of one rank only")
    return sum(operands[1:], operands[0]) + (op.scalar or 0)


OPERATORS: dict[str, Callable[..., Array]] = {
    "conv": _conv,
    "deconv": _deconv,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "global_avg_pool": _global(jnp.mean),
    "global_max_pool": _global(jnp.max),
    "lrn": _lrn,
    "concat": _concat,
    "flatten": _flatten,
    "crop": _crop,
    "add": _add,
    "dropout": _each(lambda x: x),
    "identity": _each(lambda x: x),
    "relu": _each(jax.nn.relu),
    "relu6": _each(jax.nn.relu6),
    "silu": _each(jax.nn.silu),
    "sigmoid": _each(jax.nn.sigmoid),
    "tanh": _each(jnp.tanh),
}
