"""Weights that stand alone."""

from __future__ import annotations

from typing import Any

from netdsl.ops.initialiser import INIT, Initialiser, Ones
from netdsl.ops.kinds import FLAG, SIZES
from netdsl.ops.op import Call, Helper, Op, OpError, Shape, Template, attr
from netdsl.ops.rules import known
from netdsl.ops.weighted import Weighted

_SCALE = Helper(
    "Scale",
    '''class Scale(nn.Module):
    """Multiply each channel by a learned number, and perhaps add another."""

    def __init__(self, channels: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1,) + (1,) * (x.dim() - 2)
        x = x * self.weight.view(shape)
        return x if self.bias is None else x + self.bias.view(shape)
''',
)


class Scale(Weighted, name="scale"):
    """`weight · x + bias`, both learned, one of each for every channel, without any normalisation.

    The weights begin as 1, the biases as 0. LeNet-5's trainable subsampling is `avg_pool(2) -> scale(bias = true)`.
    """

    stateful = True
    example = "scale(bias = true)"
    bias: bool = attr(FLAG, "add a learned number to each channel", default=False)

    def infer(self, x: Shape) -> Shape:
        if not x:
            raise OpError("`scale` needs channels, and this is a scalar", code="N406", input=0)
        known(x[0], "the number of channels")
        self.check_weights(x)
        return x

    def weights(self, x: Shape) -> dict[str, Shape]:
        return {"weight": (x[0],), "bias": (x[0],)} if self.bias else {"weight": (x[0],)}

    def module(self, x: Shape) -> Call:
        return Call(_SCALE, (x[0],), {"bias": self.bias}, {"bias": False})


class Parameter(Op, name="parameter"):
    """A learned tensor of the given shape, the same for every sample: `x * parameter([64])`.

    It has no input. In the state_dict it is one tensor under its own path, with a leading 1 for the batch.
    """

    inputs = (0, 0)
    stateful = True
    called = False
    example = "x * parameter([8])"

    shape: tuple[int, ...] = attr(SIZES, "its extents")
    init: Initialiser = attr(INIT, "what it holds before training", default=Ones(), keyword=True)
    frozen: bool = attr(FLAG, "keep it as it is: no gradient", default=False, keyword=True)

    def infer(self) -> Shape:
        self.init.check((1, *self.shape), "init")
        return tuple(self.shape)

    def weights(self) -> dict[str, Shape]:
        return {"": (1, *self.shape)}

    def module(self) -> Call:
        return Call("nn.Parameter", (Call("torch.empty", (1, *self.shape)),))

    def setup(self, *shapes: Any, **_: Any) -> tuple[Template, ...]:
        statements = [self.init.fill("{module}")]
        if self.frozen:
            statements.append(Template("{module}.requires_grad_(False)"))
        return tuple(statements)
