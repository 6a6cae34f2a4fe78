"""Initialisers: what a weight holds before training, `conv(64, 3, init = normal(0.01))`.

Each is a class with attributes, as operators are, and names the function of `nn.init` that it stands for. Fans are
torch's: `fan_in` is the product of all extents of the weight but the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from netdsl.extent import Extent
from netdsl.ops.kinds import AT_LEAST_ZERO, COUNT, POSITIVE, REAL, choice
from netdsl.ops.op import Declared, Helper, Kind, OpError, Template, attr, attributes, build, declare
from netdsl.ops.rules import plural

INITIALISERS: dict[str, type[Initialiser]] = {}


class Initialiser(Declared):
    """Base of all. `function` is torch's, and the attributes are its keywords; `defaults` are not printed."""

    function: ClassVar[str | Helper]
    defaults: ClassVar[Mapping[str, Any]] = {}
    least_rank: ClassVar[int] = 0

    def __init_subclass__(cls, *, name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        declare(cls, name)
        if name is not None:
            INITIALISERS[name] = cls

    def check(self, shape: tuple[Extent, ...], attribute: str) -> None:
        """OpError where a weight of this shape cannot be filled so."""
        if len(shape) < self.least_rank:
            axes = plural(len(shape), "axis")
            raise OpError(
                f"`{self.name}` cannot fill a weight with {axes}: it needs {self.least_rank} or more",
                attribute=attribute,
                code="N414",
            )

    def fill(self, tensor: str) -> Template:
        """The statement that fills `tensor`, a text such as `{module}.weight`."""
        arguments = {f.name: getattr(self, f.name) for f in attributes(type(self))}
        printed = [f"{f}={{{f}}}" for f, v in arguments.items() if v != self.defaults.get(f, object())]
        values: dict[str, Any] = arguments
        function = self.function
        if isinstance(function, Helper):
            values = {**arguments, "fill": function}
        called = "{fill}" if isinstance(function, Helper) else function
        return Template(f"{called}({', '.join([tensor, *printed])})", values)

    def __str__(self) -> str:
        return self.label()


class Normal(Initialiser, name="normal"):
    """Gaussian with standard deviation `std` about `mean`; AlexNet's are `normal(0.01)`."""

    function = "nn.init.normal_"
    defaults = {"mean": 0.0, "std": 1.0}
    std: float = attr(POSITIVE, "standard deviation", default=1.0)
    mean: float = attr(REAL, "mean", default=0.0)


class TruncatedNormal(Initialiser, name="truncated_normal"):
    """Gaussian, drawn again outside of `low` to `high` (absolute values, not multiples of `std`)."""

    function = "nn.init.trunc_normal_"
    defaults = {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}
    std: float = attr(POSITIVE, "standard deviation", default=1.0)
    mean: float = attr(REAL, "mean", default=0.0)
    a: float = attr(REAL, "lowest value", default=-2.0)
    b: float = attr(REAL, "highest value", default=2.0)

    def check(self, shape: tuple[Extent, ...], attribute: str) -> None:
        if self.a >= self.b:
            raise OpError(f"`a`, {self.a}, must be less than `b`, {self.b}", attribute=attribute, code="N414")


class Uniform(Initialiser, name="uniform"):
    """Uniform from `a` to `b`."""

    function = "nn.init.uniform_"
    defaults = {"a": 0.0, "b": 1.0}
    a: float = attr(REAL, "lowest value", default=0.0)
    b: float = attr(REAL, "highest value", default=1.0)

    def check(self, shape: tuple[Extent, ...], attribute: str) -> None:
        if self.a >= self.b:
            raise OpError(f"`a`, {self.a}, must be less than `b`, {self.b}", attribute=attribute, code="N414")


class Zeros(Initialiser, name="zeros"):
    """All 0."""

    function = "nn.init.zeros_"


class Ones(Initialiser, name="ones"):
    """All 1."""

    function = "nn.init.ones_"


class Constant(Initialiser, name="constant"):
    """All `val`."""

    function = "nn.init.constant_"
    val: float = attr(REAL, "the value")


class XavierUniform(Initialiser, name="xavier_uniform"):
    """Uniform within ±gain·√(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    function = "nn.init.xavier_uniform_"
    defaults = {"gain": 1.0}
    least_rank = 2
    gain: float = attr(POSITIVE, "factor for the nonlinearity that follows", default=1.0)


class XavierNormal(Initialiser, name="xavier_normal"):
    """Gaussian with the standard deviation gain·√(2 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    function = "nn.init.xavier_normal_"
    defaults = {"gain": 1.0}
    least_rank = 2
    gain: float = attr(POSITIVE, "factor for the nonlinearity that follows", default=1.0)


_FAN = choice("fan_in", "fan_out")
_NONLINEARITY = choice("relu", "leaky_relu", "tanh", "sigmoid", "selu", "linear")


class KaimingUniform(Initialiser, name="kaiming_uniform"):
    """Uniform within ±gain·√(3 / fan) (He et al., 2015); gain is √2 for relu."""

    function = "nn.init.kaiming_uniform_"
    defaults = {"mode": "fan_in", "nonlinearity": "leaky_relu", "a": 0.0}
    least_rank = 2
    mode: str = attr(_FAN, "which fan keeps its variance", default="fan_in")
    nonlinearity: str = attr(_NONLINEARITY, "what follows, and sets the gain", default="relu")
    a: float = attr(AT_LEAST_ZERO, "slope of leaky_relu", default=0.0)


class KaimingNormal(Initialiser, name="kaiming_normal"):
    """Gaussian with the standard deviation gain/√fan (He et al., 2015); gain is √2 for relu."""

    function = "nn.init.kaiming_normal_"
    defaults = {"mode": "fan_in", "nonlinearity": "leaky_relu", "a": 0.0}
    least_rank = 2
    mode: str = attr(_FAN, "which fan keeps its variance", default="fan_in")
    nonlinearity: str = attr(_NONLINEARITY, "what follows, and sets the gain", default="relu")
    a: float = attr(AT_LEAST_ZERO, "slope of leaky_relu", default=0.0)


class Orthogonal(Initialiser, name="orthogonal"):
    """A (semi-)orthogonal matrix times `gain` (Saxe et al., 2013)."""

    function = "nn.init.orthogonal_"
    defaults = {"gain": 1.0}
    least_rank = 2
    gain: float = attr(POSITIVE, "factor", default=1.0)


class Dirac(Initialiser, name="dirac"):
    """Each channel is passed on, as far as there are channels: a convolution that begins as the identity.

    Yu & Koltun (2015) start their context module so. `groups` must be the convolution's.
    """

    function = "nn.init.dirac_"
    defaults = {"groups": 1}
    least_rank = 3
    groups: int = attr(COUNT, "groups of the convolution", default=1)

    def check(self, shape: tuple[Extent, ...], attribute: str) -> None:
        super().check(shape, attribute)
        if shape[0] % self.groups:
            raise OpError(
                f"`dirac` cannot divide {shape[0]} output channels into {self.groups} groups",
                attribute=attribute,
                code="N405",
            )


_FILL_BILINEAR = Helper(
    "fill_bilinear",
    '''@torch.no_grad()
def fill_bilinear(weight: Tensor) -> None:
    """Fill a deconvolution's weight so that it interpolates linearly, each channel by itself (Long et al., 2015)."""
    kernel = torch.ones((), dtype=weight.dtype, device=weight.device)
    for size in weight.shape[2:]:
        factor = (size + 1) // 2
        center = factor - 1 if size % 2 == 1 else factor - 0.5
        at = torch.arange(size, dtype=weight.dtype, device=weight.device)
        kernel = kernel.unsqueeze(-1) * (1 - (at - center).abs() / factor)
    weight.zero_()
    for i in range(weight.shape[0]):
        weight[i, i % weight.shape[1]] = kernel
''',
)


class Bilinear(Initialiser, name="bilinear"):
    """Linear interpolation along every axis, each channel by itself: `1 - |i - center| / factor` (Long et al., 2015).

    For a deconvolution with kernel 2s and stride s that enlarges by s.
    """

    function = _FILL_BILINEAR
    least_rank = 3


_FILL_SIGNS = Helper(
    "fill_signs",
    '''@torch.no_grad()
def fill_signs(weight: Tensor) -> None:
    """Fill a weight with -1 and 1, each as likely as the other."""
    weight.bernoulli_(0.5).mul_(2).sub_(1)
''',
)


class Signs(Initialiser, name="signs"):
    """-1 or 1, each as likely as the other: the codes of an error-correcting output (Dietterich & Bakiri, 1995)."""

    function = _FILL_SIGNS


def _read(value: Any) -> Initialiser:
    if isinstance(value, Initialiser):
        return value
    if isinstance(value, str) and value in INITIALISERS:
        try:
            return build(INITIALISERS[value], (), {})
        except OpError as error:
            raise ValueError(error.message) from None
    raise ValueError


INIT = Kind("an initialiser such as `normal(0.01)`", _read, (Normal(std=0.02), Zeros()), "str")
