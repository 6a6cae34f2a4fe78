"""Losses: one number for the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.windows import Array


def _over(a: Any, each: Array) -> Array:
    """The mean or sum over the batch and all elements."""
    total = each.sum()
    return np.asarray(total / np.float64(each.size) if a.reduction == "mean" else total)


def _chosen(x: Array, label: Array) -> Array:
    """x[label] along the classes, axis 1."""
    return np.take_along_axis(x, np.expand_dims(label, 1), 1).squeeze(1)


def cross_entropy(a: Any, w: dict[str, Array], logits: Array, label: Array) -> Array:
    x = logits - logits.max(1, keepdims=True)
    log = x - np.log(np.exp(x).sum(1, keepdims=True))
    each = -(1 - a.smoothing) * _chosen(log, label) - a.smoothing * log.mean(1)
    if a.ignore is not None:
        each = each[label != a.ignore]
    return _over(a, each)


def nll(a: Any, w: dict[str, Array], x: Array, label: Array) -> Array:
    return _over(a, -_chosen(x if a.log else np.log(x), label))


def hinge(a: Any, w: dict[str, Array], scores: Array, label: Array) -> Array:
    gaps = np.maximum(0, a.margin - _chosen(scores, label)[:, None] + scores) ** a.p
    others = np.arange(scores.shape[1]) != label[:, None]
    return _over(a, (gaps * others).sum(1) / scores.shape[1])


def binary_cross_entropy(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    if a.logits:
        return _over(a, y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x))
    return _over(a, -y * np.maximum(np.log(x), -100) - (1 - y) * np.maximum(np.log(1 - x), -100))


def mse(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    return _over(a, (x - y) ** 2)


def l1(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    return _over(a, np.abs(x - y))


def smooth_l1(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    d = np.abs(x - y)
    if a.beta == 0:
        return _over(a, d)
    return _over(a, np.where(d < a.beta, 0.5 * d**2 / a.beta, d - 0.5 * a.beta))


def kl(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    """A y of 0 counts nothing."""
    each = np.where(y > 0, y * (np.log(np.where(y > 0, y, 1)) - x), 0)
    return _over(a, each.reshape(each.shape[0], -1).sum(1))


def gaussian_kl(a: Any, w: dict[str, Array], mean: Array, logvar: Array) -> Array:
    each = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar)
    return _over(a, each.reshape(each.shape[0], -1).sum(1))


def dice(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    axes = tuple(range(2, x.ndim))
    return _over(a, 1 - (2 * (x * y).sum(axes) + a.eps) / (x.sum(axes) + y.sum(axes) + a.eps))


def _length(x: Array) -> Array:
    return np.sqrt((x.reshape(x.shape[0], -1) ** 2).sum(1))


def contrastive(a: Any, w: dict[str, Array], x: Array, y: Array, same: Array) -> Array:
    d, same = _length(x - y), same.reshape(-1)
    return _over(a, 0.5 * same * d**2 + 0.5 * (1 - same) * np.maximum(0, a.margin - d) ** 2)


def triplet(a: Any, w: dict[str, Array], anchor: Array, positive: Array, negative: Array) -> Array:
    return _over(a, np.maximum(0, _length(anchor - positive + 1e-6) - _length(anchor - negative + 1e-6) + a.margin))


def smoothness(a: Any, w: dict[str, Array], flow: Array) -> Array:
    """An axis of extent 1 has no neighbours and counts nothing."""
    means = [(np.diff(flow, axis=i) ** 2).mean() for i in range(2, flow.ndim) if flow.shape[i] > 1]
    return np.asarray(np.sqrt(a.eps + sum(means)))


OPERATORS = (
    cross_entropy, nll, hinge, binary_cross_entropy, mse, l1, smooth_l1, kl, gaussian_kl, dice, contrastive, triplet,
    smoothness,
)  # fmt: skip
