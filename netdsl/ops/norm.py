"""Normalisation."""

from __future__ import annotations

from typing import Any

from netdsl.ops.kinds import AXES, COUNT, FLAG, POSITIVE, PROBABILITY, REAL, optional, sampled
from netdsl.ops.op import Call, Helper, Op, Operand, OpError, Shape, attr
from netdsl.ops.rules import axes_in, describe, known, spatial
from netdsl.ops.weighted import Weighted


class Affine(Weighted):
    """Base of the norms that may end in a learned factor and term for every channel."""

    eps: float = attr(POSITIVE, "added to the variance", default=1e-5, keyword=True)
    affine: bool = attr(
        FLAG, "multiply by a learned number and add another, for each channel", default=True, keyword=True
    )

    def weights(self, x: Shape) -> dict[str, Shape]:
        return {"weight": (x[0],), "bias": (x[0],)} if self.affine else {}


def _statistics(x: Shape) -> dict[str, Shape]:
    return {"running_mean": (x[0],), "running_var": (x[0],), "num_batches_tracked": ()}


class BatchNorm(Affine, name="batch_norm"):
    """`weight · (x - mean) / √(variance + eps) + bias` for every channel (Ioffe & Szegedy, 2015).

    In training mean and variance are the batch's, and running ones are kept (`running = (1 - momentum) · running +
    momentum · batch`, the variance unbiased); otherwise the running ones are used. Works on a vector and on maps.
    """

    stateful = True
    example = "batch_norm"
    momentum: float = attr(PROBABILITY, "weight of the newest batch in the running statistics", default=0.1)
    track: bool = attr(FLAG, "keep running statistics; false uses the batch's always", default=True)

    def infer(self, x: Shape) -> Shape:
        if not 1 <= len(x) <= 4:
            raise OpError(f"`batch_norm` needs a vector or a map, not {describe(x)}", code="N406", input=0)
        known(x[0], "the number of channels")
        self.check_weights(x)
        return x

    def buffers(self, x: Shape) -> dict[str, Shape]:
        return _statistics(x) if self.track else {}

    def module(self, x: Shape) -> Call:
        keywords = {
            "eps": self.eps,
            "momentum": self.momentum,
            "affine": self.affine,
            "track_running_stats": self.track,
        }
        defaults = {"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True}
        return Call(f"nn.BatchNorm{max(1, len(x) - 1)}d", (x[0],), keywords, defaults)


class InstanceNorm(Affine, name="instance_norm"):
    """`(x - mean) / √(variance + eps)` over each map of each sample (Ulyanov et al., 2016); it learns nothing unless
    `affine`."""

    stateful = True
    example = "instance_norm"
    affine: bool = attr(
        FLAG, "multiply by a learned number and add another, for each channel", default=False, keyword=True
    )

    def infer(self, x: Shape) -> Shape:
        spatial(self.name, x)
        known(x[0], "the number of channels")
        if all(isinstance(e, int) and e == 1 for e in x[1:]):
            raise OpError(
                f"`instance_norm` needs more than one point in a map, and {describe(x)} has one", code="N406", input=0
            )
        self.check_weights(x)
        return x

    def module(self, x: Shape) -> Call:
        keywords = {"eps": self.eps, "affine": self.affine}
        return Call(f"nn.InstanceNorm{len(x) - 1}d", (x[0],), keywords, {"eps": 1e-5, "affine": False})


class GroupNorm(Affine, name="group_norm"):
    """`weight · (x - mean) / √(variance + eps) + bias`, the statistics over each group of channels of each sample
    (Wu & He, 2018)."""

    stateful = True
    example = "group_norm(4)"
    groups: int = attr(COUNT, "groups the channels are divided into")

    def infer(self, x: Shape) -> Shape:
        if not x:
            raise OpError("`group_norm` needs channels, and this is a scalar", code="N406", input=0)
        channels = known(x[0], "the number of channels")
        if channels % self.groups:
            raise OpError(f"{self.groups} groups do not divide {channels} channels", code="N405", attribute="groups")
        if channels == self.groups and all(isinstance(e, int) and e == 1 for e in x[1:]):
            raise OpError(
                f"`group_norm` needs more than one number in a group: {self.groups} groups of {describe(x)} have one",
                code="N405",
                attribute="groups",
            )
        self.check_weights(x)
        return x

    def module(self, x: Shape) -> Call:
        keywords = {"eps": self.eps, "affine": self.affine}
        return Call("nn.GroupNorm", (self.groups, x[0]), keywords, {"eps": 1e-5, "affine": True})


_LAYER_NORM_OVER = Helper(
    "LayerNormOver",
    '''class LayerNormOver(nn.LayerNorm):
    """nn.LayerNorm over `dims` of the input instead of its last dimensions."""

    def __init__(self, shape: tuple[int, ...], dims: tuple[int, ...], **settings: Any) -> None:
        super().__init__(shape, **settings)
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        last = tuple(range(-len(self.dims), 0))
        return super().forward(x.movedim(self.dims, last)).movedim(last, self.dims)
''',
    ("from typing import Any",),
)


class LayerNorm(Weighted, name="layer_norm"):
    """`weight · (x - mean) / √(variance + eps) + bias`, the statistics over some axes of each sample (Ba et al., 2016).

    Over all axes unless told; `axis = 0` normalises the channels at every point, `axis = -1` the last axis. There is
    a weight and a bias for every place along these axes.
    """

    stateful = True
    example = "layer_norm(axis = -1)"
    example_input = ((196, 768),)
    axis: int | tuple[int, ...] | None = attr(optional(AXES), "the axes that are normalised together", default=None)
    eps: float = attr(POSITIVE, "added to the variance", default=1e-5, keyword=True)
    affine: bool = attr(FLAG, "multiply by learned numbers and add others", default=True)
    bias: bool = attr(FLAG, "add learned numbers, where `affine`", default=True)

    def _axes(self, x: Shape) -> tuple[int, ...]:
        return tuple(sorted(axes_in(self.axis, len(x))))

    def infer(self, x: Shape) -> Shape:
        if not x:
            raise OpError("`layer_norm` needs an axis, and this is a scalar", code="N406", input=0)
        for axis in self._axes(x):
            known(x[axis], "an extent that `layer_norm` has weights for")
        self.check_weights(x)
        return x

    def weights(self, x: Shape) -> dict[str, Shape]:
        shape = tuple(x[a] for a in self._axes(x))
        found: dict[str, Shape] = {"weight": shape} if self.affine else {}
        if self.affine and self.bias:
            found["bias"] = shape
        return found

    def module(self, x: Shape) -> Call:
        axes = self._axes(x)
        shape: Any = tuple(x[a] for a in axes)
        keywords = {"eps": self.eps, "elementwise_affine": self.affine, "bias": self.bias}
        defaults = {"eps": 1e-5, "elementwise_affine": True, "bias": True}
        if axes == tuple(range(len(x) - len(axes), len(x))):
            return Call("nn.LayerNorm", (shape[0] if len(shape) == 1 else shape,), keywords, defaults)
        return Call(_LAYER_NORM_OVER, (shape, tuple(a + 1 for a in axes)), keywords, defaults)


class Lrn(Op, name="lrn"):
    """Local response normalisation: `x[c] / (k + alpha / size · Σ x[i]²)^beta`, i running over the `size` channels
    around c, c - ⌊size/2⌋ to c + ⌊(size - 1)/2⌋ (Krizhevsky et al., 2012).

    As in torch and Caffe `alpha` is divided by `size`; in the paper's formula it is not. The paper's constants
    (n = 5, α = 1e-4, β = 0.75, k = 2) are `lrn(5, alpha = 5e-4, k = 2)`; the defaults are those of the networks that
    were released (Caffe's AlexNet and GoogLeNet).
    """

    example = "lrn(5)"
    size: int = attr(COUNT, "channels in a neighbourhood", default=5)
    alpha: float = attr(sampled(REAL, 1e-4, 0.5, 1.0), "factor of the mean square", default=1e-4)
    beta: float = attr(sampled(REAL, 0.5, 1.0), "exponent", default=0.75)
    k: float = attr(sampled(REAL, 0.5, 2.0), "what is added to the mean square", default=1.0)

    def infer(self, x: Shape) -> Shape:
        spatial(self.name, x)
        return x

    def _settings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"alpha": self.alpha, "beta": self.beta, "k": self.k}, {"alpha": 1e-4, "beta": 0.75, "k": 1.0}

    def module(self, x: Shape) -> Call | None:
        return None if len(x) == 4 else Call("nn.LocalResponseNorm", (self.size,), *self._settings())

    def expr(self, x: Shape) -> Call:
        # torch views a volume's last two axes as one, which not every layout in memory allows.
        value = Call(".contiguous", (Operand(0),)) if len(x) == 4 else Operand(0)
        return Call("F.local_response_norm", (value, self.size), *self._settings())
