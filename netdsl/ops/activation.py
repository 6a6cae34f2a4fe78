"""Activations: they work point by point and keep the shape, softmax and squash along one axis."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.ops.kinds import AT_LEAST_ZERO, AXIS, FLAG, POSITIVE, REAL, choice, sampled
from netdsl.ops.op import Call, Field, Helper, Loss, Op, Operand, OpError, Shape, Template, attr
from netdsl.ops.rules import axis_in, dim, known


class Activation(Op):
    """Base of those that are both a module and a function of torch, with the same keywords."""

    modules: ClassVar[str]
    function: ClassVar[str]

    def infer(self, x: Shape) -> Shape:
        return x

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The keywords, and torch's defaults."""
        return {}, {}

    def module(self, x: Shape) -> Call:
        return Call(self.modules, (), *self.keywords())

    def expr(self, x: Shape) -> Call:
        return Call(self.function, (Operand(0),), *self.keywords())


class Relu(Activation, name="relu"):
    """`max(x, 0)`."""

    modules, function = "nn.ReLU", "F.relu"
    example = "relu"


class Relu6(Activation, name="relu6"):
    """`min(max(x, 0), 6)`."""

    modules, function = "nn.ReLU6", "F.relu6"
    example = "relu6"


class LeakyRelu(Activation, name="leaky_relu"):
    """`x` where positive, else `slope · x`."""

    modules, function = "nn.LeakyReLU", "F.leaky_relu"
    example = "leaky_relu(0.1)"
    slope: float = attr(REAL, "factor of negative values", default=0.01)

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"negative_slope": self.slope}, {"negative_slope": 0.01}


class Prelu(Op, name="prelu"):
    """`x` where positive, else `weight · x`, the weight being learned, one for each channel (He et al., 2015)."""

    stateful = True
    example = "prelu"
    single: bool = attr(FLAG, "one weight for all channels", default=False)
    init: float = attr(REAL, "the weights before training", default=0.25)
    frozen: bool = attr(FLAG, "keep the weights as they are: no gradient", default=False, keyword=True)

    def infer(self, x: Shape) -> Shape:
        if isinstance(x, Loss):  # torch's layer makes a vector of it
            raise OpError("`prelu` needs values of samples, and this is one number for the batch", code="N406", input=0)
        if not self.single:
            if not x:
                raise OpError("`prelu` needs channels", code="N406", input=0, help="`single = true` needs none")
            known(x[0], "the number of channels")
        return x

    def weights(self, x: Shape) -> dict[str, Shape]:
        return {"weight": (1 if self.single else x[0],)}

    def module(self, x: Shape) -> Call:
        keywords = {"num_parameters": 1 if self.single else x[0], "init": self.init}
        return Call("nn.PReLU", (), keywords, {"num_parameters": 1, "init": 0.25})

    def setup(self, x: Shape) -> tuple[Template, ...]:
        return (Template("{module}.requires_grad_(False)"),) if self.frozen else ()


class Elu(Activation, name="elu"):
    """`x` where positive, else `alpha · (exp(x) - 1)` (Clevert et al., 2015)."""

    modules, function = "nn.ELU", "F.elu"
    example = "elu"
    alpha: float = attr(POSITIVE, "limit of negative values, times -1", default=1.0)

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"alpha": self.alpha}, {"alpha": 1.0}


class Selu(Activation, name="selu"):
    """`1.0507 · elu(x, 1.6733)`, the constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""

    modules, function = "nn.SELU", "F.selu"
    example = "selu"


class Celu(Activation, name="celu"):
    """`max(0, x) + min(0, alpha · (exp(x / alpha) - 1))` (Barron, 2017)."""

    modules, function = "nn.CELU", "F.celu"
    example = "celu"
    alpha: float = attr(POSITIVE, "limit of negative values, times -1", default=1.0)

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"alpha": self.alpha}, {"alpha": 1.0}


class Gelu(Activation, name="gelu"):
    """`x · Φ(x)`, Φ being the distribution function of the unit Gaussian (Hendrycks & Gimpel, 2016)."""

    modules, function = "nn.GELU", "F.gelu"
    example = "gelu"
    approximate: str = attr(
        choice("none", "tanh"), "`tanh` for `½x · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`", default="none"
    )

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"approximate": self.approximate}, {"approximate": "none"}


class Silu(Activation, name="silu"):
    """`x · sigmoid(x)`, also called swish."""

    modules, function = "nn.SiLU", "F.silu"
    example = "silu"


class Mish(Activation, name="mish"):
    """`x · tanh(softplus(x))` (Misra, 2019)."""

    modules, function = "nn.Mish", "F.mish"
    example = "mish"


class Hardswish(Activation, name="hardswish"):
    """`x · relu6(x + 3) / 6` (Howard et al., 2019)."""

    modules, function = "nn.Hardswish", "F.hardswish"
    example = "hardswish"


class Hardsigmoid(Activation, name="hardsigmoid"):
    """`relu6(x + 3) / 6`."""

    modules, function = "nn.Hardsigmoid", "F.hardsigmoid"
    example = "hardsigmoid"


class Hardtanh(Activation, name="hardtanh"):
    """`min(max(x, low), high)`."""

    modules, function = "nn.Hardtanh", "F.hardtanh"
    example = "hardtanh(-2, 2)"
    low: float = attr(REAL, "the least value", default=-1.0)
    high: float = attr(REAL, "the largest value", default=1.0)

    def infer(self, x: Shape) -> Shape:
        if self.low >= self.high:
            raise OpError(f"`low`, {self.low}, must be less than `high`, {self.high}", code="N414", attribute="low")
        return x

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"min_val": self.low, "max_val": self.high}, {"min_val": -1.0, "max_val": 1.0}


class Softplus(Activation, name="softplus"):
    """`log(1 + exp(beta · x)) / beta`, and x itself where `beta · x > 20`, as in torch."""

    modules, function = "nn.Softplus", "F.softplus"
    example = "softplus"
    beta: float = attr(sampled(POSITIVE, 0.5, 2.0, 30.0), "sharpness", default=1.0)

    def keywords(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"beta": self.beta}, {"beta": 1.0}


class Sigmoid(Activation, name="sigmoid"):
    """`1 / (1 + exp(-x))`."""

    modules, function = "nn.Sigmoid", "torch.sigmoid"
    example = "sigmoid"


class Tanh(Activation, name="tanh"):
    """Hyperbolic tangent."""

    modules, function = "nn.Tanh", "torch.tanh"
    example = "tanh"


class AlongAxis(Op):
    """Base of those that work along one axis."""

    axis: int = attr(AXIS, "the axis that is normalised; 0 is the channels", default=0)

    def infer(self, x: Shape) -> Shape:
        axis_in(self.axis, len(x))
        return x

    def receptive_field(self, rank: int) -> Field | None:
        return super().receptive_field(rank) if axis_in(self.axis, rank + 1) == 0 else None


class Softmax(AlongAxis, name="softmax"):
    """`exp(x) / Σ exp(x)` along an axis; on a map, over the channels at every point."""

    example = "softmax"

    def module(self, x: Shape) -> Call:
        return Call("nn.Softmax", (dim(self.axis),))

    def expr(self, x: Shape) -> Call:
        return Call("F.softmax", (Operand(0), dim(self.axis)))


class LogSoftmax(AlongAxis, name="log_softmax"):
    """`log(softmax(x))` along an axis, computed without loss of precision."""

    example = "log_softmax"

    def module(self, x: Shape) -> Call:
        return Call("nn.LogSoftmax", (dim(self.axis),))

    def expr(self, x: Shape) -> Call:
        return Call("F.log_softmax", (Operand(0), dim(self.axis)))


_SQUASH = Helper(
    "squash",
    '''def squash(x: Tensor, dim: int, eps: float = 1e-8) -> Tensor:
    """Shrink the vectors along `dim` to lengths below 1: |x|² / (1 + |x|²) · x / |x| (Sabour et al., 2017)."""
    square = x.square().sum(dim, keepdim=True)
    return square / (1 + square) * x / (square + eps).sqrt()
''',
)


class Squash(Op, name="squash"):
    """`|x|² / (1 + |x|²) · x / |x|` for the vectors along an axis (CapsNet; Sabour et al., 2017).

    `eps` is added to `|x|²` under the root.
    """

    example = "squash"
    example_input = ((1152, 8),)
    axis: int = attr(AXIS, "the axis along which a capsule's numbers lie", default=-1)
    eps: float = attr(AT_LEAST_ZERO, "keeps the gradient finite where x is 0", default=1e-8)

    def infer(self, x: Shape) -> Shape:
        axis_in(self.axis, len(x))
        return x

    def expr(self, x: Shape) -> Call:
        return Call(_SQUASH, (Operand(0), dim(self.axis)), {"eps": self.eps}, {"eps": 1e-8})
