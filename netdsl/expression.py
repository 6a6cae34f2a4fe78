"""Numbers that remember where they came from.

The emitter writes one Python class per block definition, so it must print `4 * width`, not 256. While a text is
elaborated every number that depends on a block's parameters, loop variables or entry extents is therefore a
*traced* value: an ordinary int, float, string or tuple with an `Expr` beside it. Arithmetic on a `Number` keeps the
expression, so a shape rule written with plain `+` and `//` yields the Python text of the extent for nothing. What
depends on nothing stays an ordinary int.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from netdsl.source import Span


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any  # int, float, bool, str, None, or a tuple of these


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter, a `let` or a loop variable; `site` is where the text binds it, so all instances agree."""

    name: str
    site: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """Extent `axis` of the value that entered the block definition or loop that stands at `site`.

    In a loop it is the value that enters the current iteration.
    """

    site: Span
    axis: int


@dataclass(frozen=True, slots=True)
class After:
    """Extent `axis` of the value that left the loop at `site`, where no expression outside the loop gives it."""

    site: Span
    axis: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Extent `axis` of what the block called at `site` returned, where the caller has no expression for it."""

    site: Span
    axis: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`operator` is `+ - * / // % ** == != <= >= < > and or not neg choose index tuple format`, or a function's name.

    `choose` has the operands (condition, then, otherwise); `index` (sequence, position); `tuple` its elements;
    `format` the parts of a computed string.
    """

    operator: str
    operands: tuple[Expr, ...]


Expr: TypeAlias = Literal | Variable | Entry | After | Exit | Operation
Atom: TypeAlias = Variable | Entry | After | Exit

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}
COMPARISON: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}
# The functions of the language that take and give numbers, texts and lists; each means what it means in Python,
# but that lists are tuples.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "int": int,
    "float": float,
    "round": lambda x: round(x),
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "len": len,
    "range": lambda *xs: tuple(range(*xs)),
    "reversed": lambda xs: tuple(reversed(xs)),
    "enumerate": lambda xs: tuple(enumerate(xs)),
    "zip": lambda *xs: tuple(zip(*xs, strict=True)),
}


def operation(operator: str, *operands: Expr) -> Expr:
    """`Operation(operator, operands)`, folded where all operands are literals and tidied where that is trivial."""
    for operand in operands:
        if type(operand) is not Literal:
            break
    else:
        try:
            return Literal(_apply(operator, [x.value for x in operands]))  # type: ignore[union-attr]
        except (ArithmeticError, ValueError, TypeError, LookupError):
            return Operation(operator, operands)
    if operator in ("+", "-"):
        return _sum(operator, *operands)
    if operator in ("and", "or") and type(operands[0]) is Literal:
        return operands[1] if bool(operands[0].value) == (operator == "and") else operands[0]
    if operator == "choose" and type(operands[0]) is Literal:
        return operands[1] if operands[0].value else operands[2]
    if operator == "choose" and operands[1] == operands[2]:
        return operands[1]
    if operator == "*" and type(operands[1]) is Literal and type(operands[0]) is Operation:
        first, factor = operands[0].operands[0], operands[0].operands[-1]
        if operands[0].operator == "*" and type(factor) is Literal and isinstance(factor.value, int):
            return operation("*", first, operation("*", factor, operands[1]))
    if operator in ("*", "//") and operands[1] == Literal(1):
        return operands[0]
    if operator == "*" and operands[0] == Literal(1):
        return operands[1]
    if operator == "//" and operands[0] == operands[1]:  # 0 // 0 has no value, so nothing is hidden
        return Literal(1)
    return Operation(operator, operands)


def _sum(operator: str, left: Expr, right: Expr) -> Expr:
    """Sums with literals at their end are merged, so that a 3x3 convolution with padding 1 keeps `h`, not `h+2-2`."""
    if type(right) is Literal and isinstance(right.value, int):
        offset = right.value if operator == "+" else -right.value
        if type(left) is Operation and left.operator in ("+", "-"):
            first, second = left.operands
            if type(second) is Literal and isinstance(second.value, int):
                offset += second.value if left.operator == "+" else -second.value
                left = first
        if offset == 0:
            return left
        return Operation("+" if offset > 0 else "-", (left, Literal(abs(offset))))
    if operator == "+" and left == Literal(0):
        return right
    if left == right:
        return Literal(0) if operator == "-" else Operation("*", (Literal(2), left))
    # Extents are whole numbers: `x + (c - x)` would not be c where something is rounded.
    if operator == "+" and isinstance(left, (Entry, After, Exit)):
        match right:
            case Operation("-", (whole, part)) if part == left:
                return whole
    return (_counted(left, right) if operator == "+" else None) or Operation(operator, (left, right))


def _counted(left: Expr, right: Expr) -> Expr | None:
    """`2 * x + x` as `3 * x`, also behind other terms, so that merges of many equal branches stay short."""
    if type(left) is not Operation:
        return None
    if left.operator == "*" and left.operands[1] == right and type(left.operands[0]) is Literal:
        return operation("*", Literal(left.operands[0].value + 1), right)
    if left.operator == "+" and type(right) is not Literal:
        first, last = left.operands
        more = Operation("*", (Literal(2), last)) if last == right else _counted(last, right)
        return Operation("+", (first, more)) if more is not None else None
    return None


def _apply(operator: str, values: list[Any]) -> Any:
    if operator in ARITHMETIC:
        return ARITHMETIC[operator](*values)
    if operator in COMPARISON:
        return COMPARISON[operator](*values)
    match operator:
        case "and":
            return values[0] and values[1]
        case "or":
            return values[0] or values[1]
        case "not":
            return not values[0]
        case "neg":
            return -values[0]
        case "choose":
            return values[1] if values[0] else values[2]
        case "index":
            return values[0][values[1]]
        case "tuple":
            return tuple(values)
        case "format":
            return "".join(map(str, values))
    return FUNCTIONS[operator](*values)


def evaluate(expr: Expr, environment: Mapping[Atom, Any]) -> Any:
    """The value of `expr` where its atoms have the values in `environment`; KeyError where one has none."""
    if type(expr) is Literal:
        return expr.value
    if type(expr) is Operation:
        return _apply(expr.operator, [evaluate(x, environment) for x in expr.operands])
    return environment[expr]  # type: ignore[index]


def substitute(expr: Expr, replacements: Mapping[Atom, Expr]) -> Expr:
    """`expr` with each atom that `replacements` knows replaced."""
    if type(expr) is Literal:
        return expr
    if type(expr) is Operation:
        return operation(expr.operator, *(substitute(x, replacements) for x in expr.operands))
    return replacements.get(expr, expr)  # type: ignore[arg-type]


def atoms(expr: Expr) -> set[Atom]:
    """The variables and extents that `expr` reads."""
    if type(expr) is Operation:
        return set().union(*(atoms(x) for x in expr.operands))
    return set() if type(expr) is Literal else {expr}  # type: ignore[arg-type]


class Number(int):
    """An int with its expression. Arithmetic with ints gives Numbers; comparing, hashing, printing is int's."""

    expr: Expr

    def __new__(cls, value: int, expr: Expr) -> Number:
        self = super().__new__(cls, value)
        self.expr = expr
        return self

    def __add__(self, other: int) -> int:
        return _trace("+", self, other)

    def __radd__(self, other: int) -> int:
        return _trace("+", other, self)

    def __sub__(self, other: int) -> int:
        return _trace("-", self, other)

    def __rsub__(self, other: int) -> int:
        return _trace("-", other, self)

    def __mul__(self, other: int) -> int:
        return _trace("*", self, other)

    def __rmul__(self, other: int) -> int:
        return _trace("*", other, self)

    def __floordiv__(self, other: int) -> int:
        return _trace("//", self, other)

    def __rfloordiv__(self, other: int) -> int:
        return _trace("//", other, self)

    def __mod__(self, other: int) -> int:
        return _trace("%", self, other)

    def __rmod__(self, other: int) -> int:
        return _trace("%", other, self)

    def __neg__(self) -> int:
        return _trace("-", 0, self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Number, (int(self), self.expr)


def _trace(operator: str, left: Any, right: Any) -> int:
    if not (isinstance(left, int) and isinstance(right, int)):
        return NotImplemented  # type: ignore[no-any-return]
    expr = operation(operator, provenance(left), provenance(right))
    value = ARITHMETIC[operator](int(left), int(right))
    return value if type(expr) is Literal else Number(value, expr)


class Real(float):
    """A float with its expression."""

    expr: Expr


class Flag(int):
    """A truth value with its expression (bool cannot be subclassed); prints as True or False."""

    expr: Expr

    def __repr__(self) -> str:
        return repr(bool(self))


class Word(str):
    """A string with its expression."""

    expr: Expr


class Sequence(tuple[Any, ...]):
    """A list with the expression of the whole; its elements may be traced too."""

    expr: Expr


def traced(value: Any, expr: Expr) -> Any:
    """`value` carrying `expr`; `value` itself where the expression is a literal, or its kind carries none."""
    if type(expr) is Literal:
        return value
    if isinstance(value, bool | Flag):
        carrier: Any = Flag(value)
    elif isinstance(value, int):
        return Number(value, expr)
    elif isinstance(value, float):
        carrier = Real(value)
    elif isinstance(value, str):
        carrier = Word(value)
    elif isinstance(value, tuple):
        carrier = Sequence(value)
    else:
        return value
    carrier.expr = expr
    return carrier


UNTRACED = frozenset((int, bool, float, str, type(None)))  # what carries no expression: looked up often


def provenance(value: Any) -> Expr:
    """The expression of `value`; a literal where it depends on nothing."""
    if type(value) in UNTRACED:
        return Literal(value)
    found: Expr | None = getattr(value, "expr", None)
    if found is not None:
        return found
    if type(value) is tuple and any(type(provenance(x)) is not Literal for x in value):
        return operation("tuple", *(provenance(x) for x in value))
    return Literal(value)
