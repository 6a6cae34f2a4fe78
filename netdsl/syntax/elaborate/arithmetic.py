"""Arithmetic, comparison and logic in expressions: of numbers here, of values that flow by operators."""

from __future__ import annotations

from typing import Any

from netdsl.expression import ARITHMETIC, COMPARISON, Flag, Literal, operation, provenance, traced
from netdsl.extent import Affine, NotAffine, same
from netdsl.syntax import tree
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate import operators
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.limits import LARGEST_INTEGER, bounded
from netdsl.syntax.elaborate.paths import inner
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import MISSING
from netdsl.syntax.elaborate.values import Operator, describe, is_flow, is_scalar, rebound


def unary(expr: tree.Unary, context: Context) -> Any:
    if expr.operator == "not":
        value = evaluation.truth(expr.operand, context)
        return traced(not value, operation("not", provenance(value)))
    value = evaluation.evaluate(expr.operand, context)
    if is_flow(value) or type(value) is Operator:
        return operators.arithmetic("neg", [value], [expr.operand.span], expr.span, context)
    if isinstance(value, Affine):
        return -value
    if not isinstance(value, int | float) or isinstance(value, bool | Flag):
        raise context.report.error("N312", f"`-` needs a number, not {describe(value)}", expr.operand.span)
    return traced(-float(value) if isinstance(value, float) else -int(value), operation("neg", provenance(value)))


_TENSOR_OPS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}


def binary(expr: tree.Binary, context: Context) -> Any:
    operator = expr.operator
    if operator in ("and", "or"):
        return _logic(expr, context)
    left, right = evaluation.evaluate_all((expr.left, expr.right), context)
    if type(left) is int and type(right) is int and operator not in ("**", "/"):
        return _plain(operator, left, right, expr, context)
    if is_tensor(left) or is_tensor(right):
        name = _TENSOR_OPS.get(operator)
        if name is None:
            verb = "compared" if operator in COMPARISON else f"put together with `{operator}`"
            raise context.report.error("N312", f"values that flow cannot be {verb}", expr.span, help=None)
        return operators.arithmetic(name, [left, right], [expr.left.span, expr.right.span], expr.span, context)
    if operator in COMPARISON:
        return _compare(expr, left, right, context)
    return _number(expr, left, right, context)


def is_tensor(value: Any) -> bool:
    """A tensor, or an operator without inputs (`parameter`), which is one as soon as it is used."""
    return is_flow(value) or (type(value) is Operator and value.cls.inputs == (0, 0))


def _plain(operator: str, left: Any, right: Any, expr: tree.Binary, context: Context) -> Any:
    if operator in COMPARISON:
        return COMPARISON[operator](left, right)
    try:
        value = ARITHMETIC[operator](left, right)
    except ZeroDivisionError:
        raise _division(expr, context) from None
    if not -LARGEST_INTEGER < value < LARGEST_INTEGER:
        bounded(value, expr.span, context.report)
    return value


def _division(expr: tree.Binary, context: Context) -> Poisoned:
    return context.report.error(
        "N314",
        "division by zero",
        expr.span,
        others=(),
        notes=() if isinstance(expr.right, tree.Number) else (f"`{expr.right.span.text}` is 0",),
    )


def _number(expr: tree.Binary, left: Any, right: Any, context: Context) -> Any:
    operator = expr.operator
    for value, side in ((left, expr.left), (right, expr.right)):
        listed = (operator in "+*" and isinstance(value, tuple | str)) or (isinstance(value, tuple) and operator == "*")
        number = isinstance(value, int | float | Affine) and not isinstance(value, bool | Flag)
        if not (number or listed):
            raise context.report.error("N312", f"`{operator}` needs numbers, not {describe(value)}", side.span)
    if isinstance(left, tuple | str) or isinstance(right, tuple | str):
        fitting = type(left) is type(right) or (isinstance(left, tuple) and isinstance(right, tuple))
        if not (fitting or (isinstance(left, str) and isinstance(right, str))) or operator != "+":
            raise context.report.error(
                "N312", f"`{operator}` cannot put {describe(left)} and {describe(right)} together", expr.span
            )
    if operator == "**":
        _check_power(expr, left, right, context)
    try:
        if isinstance(left, Affine) or isinstance(right, Affine):
            value = ARITHMETIC[operator](left, right)
            bounded(value, expr.span, context.report)
            return value
        value = ARITHMETIC[operator](_bare(left), _bare(right))
    except ZeroDivisionError:
        raise _division(expr, context) from None
    except NotAffine as error:
        raise context.report.error("N340", f"{error} is not known", expr.span) from None
    except (OverflowError, TypeError):
        raise context.report.error("N314", f"`{expr.span.text}` has no value", expr.span) from None
    if isinstance(value, complex):
        raise context.report.error("N314", "the root of a negative number", expr.span)
    bounded(value, expr.span, context.report)
    return traced(value, operation(operator, provenance(left), provenance(right)))


def _bare(value: Any) -> Any:
    """An int, float, str or tuple whose own arithmetic is Python's."""
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value


def _check_power(expr: tree.Binary, left: Any, right: Any, context: Context) -> None:
    if isinstance(left, Affine) or isinstance(right, Affine):
        raise evaluation.symbolic(expr.span, "a power", expr.span.text, context)
    if abs(left) > 1 and right > 64:
        raise context.report.error("N614", "the result has more than 18 digits", expr.span, "too large")


def _compare(expr: tree.Binary, left: Any, right: Any, context: Context) -> Any:
    operator = expr.operator
    if isinstance(left, Affine) or isinstance(right, Affine):
        extents = isinstance(left, int | Affine) and isinstance(right, int | Affine)
        if extents and operator in ("==", "!=") and same(left, right):
            return operator == "=="
        raise evaluation.symbolic(expr.span, "a comparison", expr.span.text, context)
    for value, side in ((left, expr.left), (right, expr.right)):
        if not (is_scalar(value) or isinstance(value, tuple)):
            raise context.report.error("N312", f"{describe(value)} cannot be compared", side.span)
    try:
        value = COMPARISON[operator](left, right)
    except TypeError:
        raise context.report.error(
            "N312", f"`{operator}` cannot compare {describe(left)} with {describe(right)}", expr.span
        ) from None
    return traced(bool(value), operation(operator, provenance(left), provenance(right)))


def _logic(expr: tree.Binary, context: Context) -> Any:
    """`and` and `or` as in Python: the value of one side. The other side is read only for its expression."""
    left = evaluation.evaluate(expr.left, context)
    if isinstance(left, Affine):
        raise evaluation.symbolic(expr.left.span, "a condition", str(left), context)
    if not is_scalar(left):
        raise context.report.error("N312", f"`{expr.operator}` needs truth values or numbers", expr.left.span)
    decided = not left if expr.operator == "and" else bool(left)
    if not decided:
        right = evaluation.scalar(expr.right, context, f"`{expr.operator}` needs truth values or numbers")
        return traced(_keep(right), operation(expr.operator, provenance(left), provenance(right)))
    if type(provenance(left)) is Literal:
        return left
    right = _quietly(expr.right, context)
    if right is MISSING:
        return left
    return traced(_keep(left), operation(expr.operator, provenance(left), provenance(right)))


def _keep(value: Any) -> Any:
    """A traced truth value as a bool, so that tracing it again keeps its kind."""
    return bool(value) if isinstance(value, Flag) else value


def choose(expr: tree.Choose, context: Context) -> Any:
    condition = evaluation.truth(expr.condition, context)
    taken, other = (expr.then, expr.otherwise) if condition else (expr.otherwise, expr.then)
    value = evaluation.evaluate(taken, context)
    if type(provenance(condition)) is Literal or not (is_scalar(value) or isinstance(value, tuple)) or is_flow(value):
        return value
    rest = _quietly(other, context)
    if rest is MISSING or isinstance(value, Affine):
        return value
    if provenance(value) == provenance(rest):  # both sides are the same
        return value
    then, otherwise = (value, rest) if condition else (rest, value)
    return rebound(_keep(value), operation("choose", provenance(condition), provenance(then), provenance(otherwise)))


def _quietly(expr: tree.Expr, context: Context) -> Any:
    """The number that an expression would be worth, where there is one, without saying anything; else MISSING."""
    if not simple(expr):
        return MISSING
    context.report.quiet += 1
    try:
        value = evaluation.evaluate(expr, context)
    except Poisoned:
        return MISSING
    finally:
        context.report.quiet -= 1
    return value if is_scalar(value) and not isinstance(value, Affine) else MISSING


def simple(expr: Any) -> bool:
    """Whether evaluating an expression cannot make a node."""
    if isinstance(expr, tree.Name | tree.Number | tree.Size | tree.Boolean):
        return True
    if isinstance(expr, tree.Applied | tree.Call | tree.Comprehension | tree.In | tree.Pipeline):
        return False
    if isinstance(expr, tree.Attribute):
        return isinstance(expr.value, tree.In | tree.Name)
    return all(simple(x) for x in inner(expr))
