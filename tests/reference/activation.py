"""Activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.reference.reduce import axis_of
from tests.reference.windows import Array, per_channel

_erf = np.vectorize(math.erf, otypes=[float])


def relu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.maximum(x, 0)


def relu6(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.minimum(np.maximum(x, 0), 6)


def leaky_relu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.where(x > 0, x, a.slope * x)


def prelu(a: Any, w: dict[str, Array], x: Array) -> Array:
    weight = w["weight"] if a.single else per_channel(w["weight"], x)
    return np.where(x > 0, x, weight * x)


def elu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.where(x > 0, x, a.alpha * np.expm1(x))


def selu(a: Any, w: dict[str, Array], x: Array) -> Array:
    alpha, factor = 1.6732632423543772, 1.0507009873554805
    return factor * np.where(x > 0, x, alpha * np.expm1(x))


def celu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.maximum(x, 0) + np.minimum(0, a.alpha * np.expm1(x / a.alpha))


def gelu(a: Any, w: dict[str, Array], x: Array) -> Array:
    if a.approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x * 0.5 * (1 + _erf(x / np.sqrt(2)))


def silu(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x * _sigmoid(x)


def mish(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x * np.tanh(np.logaddexp(0, x))


def hardswish(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x * np.clip(x + 3, 0, 6) / 6


def hardsigmoid(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.clip(x + 3, 0, 6) / 6


def hardtanh(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.minimum(np.maximum(x, a.low), a.high)


def softplus(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.where(a.beta * x > 20, x, np.logaddexp(0, a.beta * x) / a.beta)


def sigmoid(a: Any, w: dict[str, Array], x: Array) -> Array:
    return _sigmoid(x)


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def tanh(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.tanh(x)


def softmax(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.exp(log_softmax(a, w, x))


def log_softmax(a: Any, w: dict[str, Array], x: Array) -> Array:
    axis = axis_of(a.axis, x)
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def squash(a: Any, w: dict[str, Array], x: Array) -> Array:
    square = (x * x).sum(axis_of(a.axis, x), keepdims=True)
    return square / (1 + square) * x / np.sqrt(square + a.eps)


OPERATORS = (
    relu, relu6, leaky_relu, prelu, elu, selu, celu, gelu, silu, mish, hardswish, hardsigmoid, hardtanh, softplus,
    sigmoid, tanh, softmax, log_softmax, squash,
)  # fmt: skip
