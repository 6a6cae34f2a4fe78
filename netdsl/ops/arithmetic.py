"""Arithmetic, point by point: of values, or of a value and a number.

What goes together:

* values of one shape;
* a number (`x / 2`, in attributes `scalar`, and `reverse` for `2 - x`), a scalar per sample, or a loss with anything;
* a vector of channels, or a map `C×1×1`, over a map of as many channels;
* a map `1×H×W` over one with any channels, in products and quotients only: a gate for each point.

Nothing else is broadcast.
"""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.extent import Extent, same
from netdsl.ops.kinds import FLAG, REAL, optional
from netdsl.ops.op import Call, Loss, Op, Operand, OpError, Shape, Template, attr, show_shape


def broadcast(name: str, shapes: tuple[Shape, ...], gates: bool) -> Shape:
    """The shape that all of `shapes` go together in, or OpError. `gates`: 1×H×W goes over C×H×W."""
    batched = [s for s in shapes if not isinstance(s, Loss)]
    if not batched:
        return Loss(())
    rank = max(len(s) for s in batched)
    full = [(i, s) for i, s in enumerate(shapes) if len(s) == rank and not isinstance(s, Loss)]
    found = list(full[0][1])
    for i, shape in full[1:]:
        for axis, (a, b) in enumerate(zip(found, shape, strict=True)):
            if same(a, b):
                continue
            stretches = rank > 1 and (axis > 0 or gates)
            if stretches and _is_one(a):
                found[axis] = b
            elif not (stretches and _is_one(b)):
                _refuse(name, shapes, full[0][0], i)
    for i, shape in enumerate(shapes):
        if isinstance(shape, Loss) or len(shape) in (0, rank):
            continue
        if len(shape) != 1 or not same(shape[0], found[0]):
            _refuse(name, shapes, full[0][0], i)
    return tuple(found)


def _is_one(extent: Extent) -> bool:
    return isinstance(extent, int) and extent == 1


def _refuse(name: str, shapes: tuple[Shape, ...], first: int, second: int) -> None:
    a, b = shapes[first], shapes[second]
    help: str | None = None
    if len(a) == len(b) > 1:
        if all(same(p, q) for p, q in zip(a[1:], b[1:], strict=True)):
            help = f"give them the same channels: `conv({a[0]}, 1)` before input {second + 1}"
        elif same(a[0], b[0]):
            help = "bring them to the same size with `crop`, `resize` or a stride"
    elif len(b) == 1 and len(a) > 1:
        help = f"only a vector of {a[0]} goes over the channels of {show_shape(a)}"
    verb = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "raise"}.get(name, f"`{name}`")
    raise OpError(f"cannot {verb} {show_shape(a)} and {show_shape(b)}", code="N407", input=second, help=help)


def text(index: int, shape: Shape, rank: int) -> str:
    """Operand `index` in a template, with the axes that it needs to be broadcast over `rank` axes."""
    if isinstance(shape, Loss) or len(shape) == rank or rank == 0:
        return f"{{{index}}}"
    missing = rank - len(shape)
    return f"{{{index}}}[{', '.join([':'] * (len(shape) + 1) + ['None'] * missing)}]"


class Arithmetic(Op):
    """Base of the operators with a sign. `gates` says whether 1×H×W goes over C×H×W."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    sign: ClassVar[str]
    gates: ClassVar[bool] = False
    scalar: float | None = attr(optional(REAL), "a number in place of the second value", default=None, keyword=True)
    reverse: bool = attr(FLAG, "the number comes first: `2 - x`", default=False, keyword=True)

    def infer(self, *shapes: Shape) -> Shape:
        if self.scalar is None and len(shapes) < 2:
            raise OpError(f"`{self.name}` needs two values, or `scalar`", code="N403")
        if self.scalar is not None and len(shapes) > 1:
            raise OpError(f"`{self.name}` takes one value beside `scalar`", code="N403", attribute="scalar")
        return broadcast(self.name, shapes, self.gates)

    def expr(self, *shapes: Shape) -> Template:
        if self.scalar is None:
            rank = max(len(s) for s in shapes)
            return Template(f" {self.sign} ".join(text(i, s, rank) for i, s in enumerate(shapes)))
        number = "{scalar}" if self.scalar >= 0 else "({scalar})"
        first, second = (number, "{0}") if self.reverse else ("{0}", number)
        return Template(f"{first} {self.sign} {second}", {"scalar": self.scalar})


class Add(Arithmetic, name="add"):
    """The sum of values, or of a value and a number. As a merge, `add { .. }`, it is the residual connection."""

    inputs = (1, None)
    sign = "+"
    example = "add(x, y)"
    example_input = ((8, 16, 16), (8, 16, 16))


class Sub(Arithmetic, name="sub"):
    """The first value minus the second, or minus a number."""

    sign = "-"
    example = "x - y"
    example_input = ((8, 16, 16), (8, 16, 16))


class Mul(Arithmetic, name="mul"):
    """The product of values, or of a value and a number.

    A vector of channels gates a map, as in squeeze-and-excitation.
    """

    inputs = (1, None)
    sign = "*"
    gates = True
    example = "mul(x, y)"
    example_input = ((8, 16, 16), (8,))


class Div(Arithmetic, name="div"):
    """The first value divided by the second, or by a number."""

    sign = "/"
    gates = True
    example = "x / 2"


class Pow(Arithmetic, name="pow"):
    """The first value to the power of the second, or of a number."""

    sign = "**"
    example = "x ** 2"


class Function(Op):
    """Base of the functions of one value."""

    function: ClassVar[str]

    def infer(self, x: Shape) -> Shape:
        return x

    def expr(self, x: Shape) -> Any:
        return Call(self.function, (Operand(0),))


class Neg(Function, name="neg"):
    """`-x`."""

    example = "neg"

    def expr(self, x: Shape) -> Template:
        return Template("-{0}")


class Abs(Function, name="abs"):
    """The absolute value."""

    function = ".abs"
    example = "abs"


class Exp(Function, name="exp"):
    """e to the power of x."""

    function = ".exp"
    example = "exp"


class Log(Function, name="log"):
    """The natural logarithm; minus infinity at 0, NaN below."""

    function = ".log"
    example = "log"


class Sqrt(Function, name="sqrt"):
    """The square root; NaN below 0."""

    function = ".sqrt"
    example = "sqrt"


class Square(Function, name="square"):
    """`x²`."""

    function = ".square"
    example = "square"


class Clamp(Function, name="clamp"):
    """`min(max(x, low), high)`; a bound that is none does not bind."""

    example = "clamp(low = 0)"
    low: float | None = attr(optional(REAL), "the least value", default=None)
    high: float | None = attr(optional(REAL), "the largest value", default=None)

    def infer(self, x: Shape) -> Shape:
        if self.low is None and self.high is None:
            raise OpError("`clamp` needs `low` or `high`", code="N414")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise OpError(f"`low`, {self.low}, is more than `high`, {self.high}", code="N414", attribute="low")
        return x

    def expr(self, x: Shape) -> Call:
        return Call(".clamp", (Operand(0),), {"min": self.low, "max": self.high}, {"min": None, "max": None})
