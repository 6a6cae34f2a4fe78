"""`@ size` and `expect`: what the text says must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl import cost
from netdsl.diagnostics import Label
from netdsl.expression import Flag
from netdsl.extent import Affine, same
from netdsl.graph import Graph
from netdsl.ops.op import show, show_shape
from netdsl.scope import Ref, Tensor, Value
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.detach import free_names
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import MISSING, close
from netdsl.syntax.elaborate.values import Defined, describe, is_flow

FIGURES = tuple(cost.FIGURES)


def check_size(stage: tree.Stage, flow: Any, context: Context) -> None:
    """`stage @ 64x56x56`: a mistake is reported, and elaboration goes on with the shape that is there."""
    expr = stage.check
    assert expr is not None
    try:
        wanted = evaluation.evaluate(expr, context)
    except Poisoned:
        return
    if isinstance(wanted, int | Affine) and not isinstance(wanted, bool | Flag):
        wanted = (wanted,)
    if not isinstance(wanted, tuple) or not all(isinstance(e, int | Affine) for e in wanted):
        context.report.error("N503", f"after `@` stands a size, not {describe(wanted)}", expr.span)
        return
    if type(flow) is not Tensor:
        context.report.error("N502", f"`@` checks one value, and this is {describe(flow)}", expr.span)
        return
    shape = flow.shape
    if len(shape) == len(wanted) and all(same(a, b) for a, b in zip(shape, wanted, strict=True)):
        return
    context.report.error(
        "N502",
        f"this gives {show_shape(shape)}, not {show_shape(wanted)}",
        expr.span,
        f"{show_shape(shape)} in fact",
        others=(Label(stage.unit.span, f"gives {show_shape(shape)}"),),
        help="correct the size, or the stages before it",
    )


def check(item: tree.Expect, context: Context, graph: Graph | None = None) -> None:
    """`expect condition`, in a net with the counts of `graph` at hand."""
    inner = context
    if graph is not None:
        inner = context.within(context.region, entry=context.entry)
        for name in free_names(item.condition):
            if name in FIGURES and context.scope.local(name) is MISSING:
                inner.scope.names[name] = _figure(graph, name, item.condition.span, context)
    _hold(item.condition, inner)


def _figure(graph: Graph, name: str, span: Span, context: Context) -> int:
    """A count of a network."""
    value = cost.FIGURES[name](graph)
    if not isinstance(value, int):
        raise context.report.error(
            "N340", f"`{name}` depends on the size of the input", span, help="give it with `--input`"
        )
    return int(value)


def of_network(block: Defined, expr: tree.Attribute, context: Context) -> Any:
    """`resnet50.params`, `unet.scores.shape`, in the expectations of a file."""
    graph_of = context.run.graph_of
    assert graph_of is not None
    graph = graph_of(block)
    if graph is None:
        raise Poisoned
    name = expr.name.name
    if name in FIGURES:
        return _figure(graph, name, expr.span, context)
    for output in graph.outputs:
        if output.name == name and isinstance(output.value, Value):
            return Tensor(Ref(graph.root), output.value, graph.shape(output.value))
    known = [*FIGURES, *(o.name for o in graph.outputs)]
    near = close(name, known)
    raise context.report.error(
        "N209",
        f"the net `{block.name}` has no `{name}`",
        expr.name.span,
        help=f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{n}`' for n in known)}",
    )


def _hold(expr: tree.Expr, context: Context) -> None:
    """Report where a condition does not hold; each side of an `and` on its own."""
    if isinstance(expr, tree.Binary) and expr.operator == "and":
        for side in (expr.left, expr.right):
            try:
                _hold(side, context)
            except Poisoned:
                continue
        return
    if isinstance(expr, tree.Binary) and expr.operator in _COMPARE:
        left, right = evaluation.evaluate_all((expr.left, expr.right), context)
        if not _COMPARE[expr.operator](left, right, expr, context):
            sides = f"{_side(expr.left, left)}{_other(expr.right, right)}"
            context.report.error(
                "N501",
                f"expected `{' '.join(expr.span.text.split())}`, and {sides}",
                expr.span,
                "does not hold",
            )
        return
    value = evaluation.evaluate(expr, context)
    if not isinstance(value, bool | Flag):
        raise context.report.error("N503", f"an expectation is true or false, and this is {describe(value)}", expr.span)
    if not value:
        context.report.error("N501", f"expected `{' '.join(expr.span.text.split())}`", expr.span, "does not hold")


def _side(expr: tree.Expr, value: Any) -> str:
    return f"`{' '.join(expr.span.text.split())}` is {_shown(value)}"


def _other(expr: tree.Expr, value: Any) -> str:
    return f", {_side(expr, value)}" if free_names(expr) else ""


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool | Flag):
        return f"{int(value):_}" if abs(value) >= 10_000 else str(int(value))
    if is_flow(value):
        return describe(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(x) for x in value)}]"
    return str(value) if isinstance(value, Affine) else show(value)


def _equal(left: Any, right: Any, expr: tree.Binary, context: Context) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(_equal(a, b, expr, context) for a, b in zip(left, right, strict=True))
    if isinstance(left, int | Affine) and isinstance(right, int | Affine):
        return same(left, right)
    return bool(left == right)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any, tree.Binary, Context], bool]:
    def compare(left: Any, right: Any, expr: tree.Binary, context: Context) -> bool:
        if isinstance(left, Affine) or isinstance(right, Affine):
            raise evaluation.symbolic(expr.span, "a comparison", expr.span.text, context)
        try:
            return holds(left, right)
        except TypeError:
            raise context.report.error(
                "N312", f"{describe(left)} and {describe(right)} cannot be compared", expr.span
            ) from None

    return compare


_COMPARE: dict[str, Callable[[Any, Any, tree.Binary, Context], bool]] = {
    "==": _equal,
    "!=": lambda left, right, expr, context: not _equal(left, right, expr, context),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
}
