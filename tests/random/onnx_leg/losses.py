"""Losses as ONNX nodes."""

from __future__ import annotations

from typing import Any

from tests.random.onnx_leg.builder import Builder, Held, Shapes, Untranslated


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
