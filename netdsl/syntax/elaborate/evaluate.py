"""Expressions: their values, traced, in the braces where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl.expression import Flag, Literal, operation, provenance, traced
from netdsl.extent import Affine
from netdsl.scope import Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import arithmetic, calls, expectations, names, pipelines
from netdsl.syntax.elaborate.beginnings import begins_with_value
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.limits import bounded
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import MISSING, close
from netdsl.syntax.elaborate.values import (
    Closure,
    Defined,
    Namespace,
    Poison,
    describe,
    is_flow,
    is_scalar,
    rebound,
)


def evaluate(expr: tree.Value, context: Context) -> Any:
    """The value of an expression; a pipeline is a block that waits, unless it begins with a value.

    Raises `Poisoned` where there is none; the reason is reported."""
    return _RULES[type(expr)](expr, context)


def scalar(expr: tree.Value, context: Context, wanted: str) -> Any:
    """The value of an expression that must be a number, a text or a list of these; `wanted` says what for."""
    value = evaluate(expr, context)
    if is_scalar(value) or (isinstance(value, tuple) and not is_flow(value)):
        return value
    raise context.report.error("N312", f"{wanted}, and this is {describe(value)}", expr.span, describe(value))


def truth(expr: tree.Expr, context: Context) -> Any:
    """The value of a condition: a truth value, traced."""
    value = evaluate(expr, context)
    if isinstance(value, bool | Flag):
        return value
    if isinstance(value, Affine):
        raise symbolic(expr.span, "a condition", str(value), context)
    if isinstance(value, int):  # `if mid { .. }`: as in `mid or c`, zero is false
        return traced(bool(value), operation("!=", provenance(value), Literal(0)))
    raise context.report.error("N312", f"a condition is true or false, and this is {describe(value)}", expr.span)


def integer(expr: tree.Expr, context: Context, what: str) -> int:
    """The value of an expression that must be an integer."""
    value = evaluate(expr, context)
    if isinstance(value, Affine):
        raise symbolic(expr.span, what, str(value), context)
    if not isinstance(value, int) or isinstance(value, bool | Flag):
        raise context.report.error("N312", f"{what} is an integer, not {describe(value)}", expr.span, describe(value))
    return value


def symbolic(span: Span, what: str, text: str, context: Context) -> Poisoned:
    """The error that something depends on the size of an input."""
    return context.report.error(
        "N340",
        f"{what} cannot depend on the size of the input, which is not known here: {text}",
        span,
        "depends on a symbol",
        help="declare the input with numbers, or give them with `--input`",
    )


def _in(expr: tree.In, context: Context) -> Any:
    if context.entry is None:
        raise context.report.error(
            "N311",
            "`in` means nothing here: the net has several inputs or none",
            expr.span,
            help="name the input",
        )
    return context.entry


# ------------------------------------------------------------------------------------------------------ literals


def _constant(expr: tree.Number | tree.Boolean, context: Context) -> Any:
    return expr.value


def _size(expr: tree.Size, context: Context) -> Any:
    return expr.values


def _text(expr: tree.Text, context: Context) -> Any:
    parts = [p if isinstance(p, str) else scalar(p, context, "a text is made of numbers and texts") for p in expr.parts]
    value = "".join(p if isinstance(p, str) else calls.show_part(p) for p in parts)
    bounded(value, expr.span, context.report)
    return traced(value, operation("format", *(provenance(p) for p in parts)))


def _list(expr: tree.List, context: Context) -> Any:
    return tuple(evaluate_all(expr.items, context))


def evaluate_all(exprs: tuple[tree.Value, ...], context: Context) -> list[Any]:
    """All values, so that every mistake among them is found; raises `Poisoned` where one has none."""
    values, failed = [], False
    for expr in exprs:
        try:
            values.append(_RULES[type(expr)](expr, context))
        except Poisoned:
            failed = True
    if failed:
        raise Poisoned
    return values


def _comprehension(expr: tree.Comprehension, context: Context) -> Any:
    items = elements(evaluate(expr.iterable, context), expr.iterable, context)
    inner = context.within(context.region, entry=context.entry)
    values = []
    for item in items:
        context.run.spend(expr.span)
        unpack(expr.names, item, expr.iterable.span, inner)
        values.append(evaluate(expr.value, inner))
    return tuple(values)


def elements(value: Any, expr: tree.Expr, context: Context) -> Any:
    """The elements of what must be a list of numbers, texts or lists."""
    if isinstance(value, tuple) and not is_flow(value):
        return value
    if isinstance(value, Affine):
        raise symbolic(expr.span, "a count", str(value), context)
    hint = f"write `range({expr.span.text})`" if isinstance(value, int) else None
    raise context.report.error("N312", f"a loop goes over a list, not {describe(value)}", expr.span, help=hint)


def unpack(names: tuple[tree.Name, ...], item: Any, span: Span, context: Context) -> None:
    """Bind loop variables to an element, in the scope of `context`."""
    for name, part in zip(names, parts_of(names, item, span, context), strict=True):
        context.scope.names[name.name] = part


def parts_of(names: tuple[tree.Name, ...], item: Any, span: Span, context: Context) -> tuple[Any, ...]:
    """The element itself for one name, its parts for several."""
    if len(names) == 1:
        return (item,)
    if not isinstance(item, tuple) or len(item) != len(names):
        what = f"{len(item)}" if isinstance(item, tuple) else describe(item)
        raise context.report.error(
            "N313",
            f"{len(names)} names cannot take apart an element of {what}"
            if isinstance(item, tuple)
            else f"{len(names)} names cannot take apart {what}",
            names[0].span.to(names[-1].span),
            others=(),
            notes=(f"the element is {describe(item)}",),
        )
    return item


# ----------------------------------------------------------------------------------------------- parts of values


def _attribute(expr: tree.Attribute, context: Context) -> Any:
    found = calls.plugin(expr, context)
    if found is not None:
        return found
    value = evaluate(expr.value, context)
    name = expr.name.name
    if type(value) is Namespace:
        return names.member(value, expr.name, context)
    if type(value) is Tensor:
        result = extent(value, expr, context)
        if type(expr.value) is tree.In and context.flow is not None:
            _check_same_as_flow(result, expr, context)
        return result
    if isinstance(value, Defined) and context.run.graph_of is not None:
        return expectations.of_network(value, expr, context)
    if is_flow(value) and name == "length":
        return len(value)
    hint = f"take it apart first: `a, b = {expr.value.span.text}`" if is_flow(value) else None
    raise context.report.error("N209", f"{describe(value)} has no `{name}`", expr.name.span, help=hint)


_AXES = {"height": -2, "width": -1, "depth": -3, "channels": 0}


def extent(value: Tensor, expr: tree.Attribute, context: Context) -> Any:
    """`x.channels`, `x.height`, `x.width`, `x.depth`, `x.shape`, `x.rank`."""
    name, shape = expr.name.name, value.shape
    if name == "shape":
        return tuple(shape)
    if name == "rank":
        return len(shape)
    axis = _AXES.get(name)
    if axis is None:
        near = close(name, (*_AXES, "shape", "rank"))
        raise context.report.error(
            "N209",
            f"a value has no `{name}`",
            expr.name.span,
            help=f"did you mean `{near}`?"
            if near
            else "it has `channels`, `height`, `width`, `depth`, `shape` and `rank`",
        )
    if len(shape) < {"channels": 1, "width": 2, "height": 3, "depth": 4}[name]:
        raise context.report.error("N209", f"{describe(value)} has no {name}", expr.span)
    return shape[axis]


def _check_same_as_flow(result: Any, expr: tree.Attribute, context: Context) -> None:
    """After an arrow `in` is still what entered the braces; where that differs from the flow it is likely a mistake."""
    flow = context.flow
    if type(flow) is not Tensor:
        return
    context.report.quiet += 1
    try:
        other = extent(flow, expr, context)
    except Poisoned:
        return
    finally:
        context.report.quiet -= 1
    if other != result:
        what = expr.name.name
        raise context.report.error(
            "N310",
            f"`in.{what}` is {calls.show_part(result)} here, that of what entered the braces; "
            f"what flows over the arrow has {calls.show_part(other)}",
            expr.span,
            f"{what} of what entered the braces",
            help=f"write `-> {{ .. }}` around the stage for the flow's {what}, or name the value that is meant",
        )


def _index(expr: tree.Index, context: Context) -> Any:
    value = evaluate(expr.value, context)
    if type(value) is Tensor:
        raise context.report.error(
            "N312",
            "a value that flows cannot be indexed",
            expr.span,
            help="write `x -> slice(start, stop)`, with `axis = ...` for another axis than the channels",
        )
    if not isinstance(value, tuple):
        raise context.report.error("N312", f"{describe(value)} has no elements", expr.value.span)
    for index in expr.indices:
        if not isinstance(value, tuple):
            raise context.report.error("N312", f"{describe(value)} has no elements", expr.value.span)
        if isinstance(index, tree.Slice):
            bounds = [None if x is None else integer(x, context, "an index") for x in (index.start, index.stop)]
            value = tuple(value[slice(*(None if b is None else int(b) for b in bounds))])
            continue
        position = integer(index, context, "an index")
        if not -len(value) <= position < len(value):
            raise context.report.error(
                "N314",
                f"there is no element {int(position)} in a list of {len(value)}",
                index.span,
                f"is {int(position)}",
                help=f"indices go from 0 to {len(value) - 1}" if value else None,
            )
        whole, found = provenance(value), provenance(position)
        part = value[position]
        if type(found) is not Literal and not is_flow(part):
            part = rebound(part, operation("index", whole, found))
        value = part
    return value


# ------------------------------------------------------------------------------------------------------- pipelines


def _unary(expr: tree.Unary, context: Context) -> Any:
    return arithmetic.unary(expr, context)


def _binary(expr: tree.Binary, context: Context) -> Any:
    return arithmetic.binary(expr, context)


def _choose(expr: tree.Choose, context: Context) -> Any:
    return arithmetic.choose(expr, context)


def _call(expr: tree.Call, context: Context) -> Any:
    return calls.call(expr, context)


def _applied(expr: tree.Applied, context: Context) -> Any:
    return pipelines.apply(expr.pipeline, context)


def _pipeline(expr: tree.Pipeline, context: Context) -> Any:
    """A pipeline as an argument: applied where it begins with a value, else a block."""
    scope = context.scope

    def flows(name: tree.Name) -> bool:
        value = scope.find(name.name)
        return is_flow(names.named(name, context) if value is MISSING or type(value) is Poison else value)

    if begins_with_value(expr.stages[0].unit, flows, lambda name: isinstance(scope.find(name), Defined)):
        return pipelines.apply(expr, context)
    return Closure(expr, context, expr.span.text)


_RULES: dict[type, Callable[[Any, Context], Any]] = {
    tree.Name: names.named,
    tree.In: _in,
    tree.Number: _constant,
    tree.Boolean: _constant,
    tree.Size: _size,
    tree.Text: _text,
    tree.List: _list,
    tree.Comprehension: _comprehension,
    tree.Call: _call,
    tree.Index: _index,
    tree.Attribute: _attribute,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Choose: _choose,
    tree.Applied: _applied,
    tree.Pipeline: _pipeline,
}
