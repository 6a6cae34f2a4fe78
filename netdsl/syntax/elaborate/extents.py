"""Extents on their way into and out of frames and loops: what their expressions become on the other side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.expression import After, Atom, Entry, Exit, Expr, Literal, Number, Operation, operation, provenance
from netdsl.ops.op import Classes, Loss, Shape
from netdsl.scope import Choice, Flow, Loop, Ref, Region, Step, Tensor
from netdsl.source import Span
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.values import reflow


def enter(flow: Any, region: Region, site: Span, environment: dict[Atom, Any], plainly: bool = False) -> Any:
    """A value as it is seen inside: its channels are `Entry(site, 0)`, other extents `Entry` where the caller has an
    expression for them. With `plainly`, or for lists of values, extents become plain numbers or stay what they are."""
    if type(flow) is not Tensor:
        inside = reflow(flow, region)
        return inside if plainly or flow is None else bare(inside)
    if plainly:
        return Tensor(Ref(region), flow.value, flow.shape)
    return Tensor(Ref(region), flow.value, entering(flow.shape, site, environment))


def bare(flow: Any) -> Any:
    """A value whose extents have no expressions."""
    if type(flow) is Tensor:
        return Tensor(flow.ref, flow.value, _like(flow.shape, [int(e) if type(e) is Number else e for e in flow.shape]))
    return tuple(bare(x) for x in flow)


def entering(shape: Shape, site: Span, environment: dict[Atom, Any]) -> Shape:
    """The extents of what enters the definition or loop at `site`; `environment` learns what the atoms are worth."""
    extents: list[Any] = []
    for axis, extent in enumerate(shape):
        if type(extent) is Number or (axis == 0 and type(extent) is int):
            atom = Entry(site, axis)
            value = int(extent)
            environment[atom] = value
            extents.append(Number(value, atom))
        else:
            extents.append(extent)
    return _like(shape, extents)


def _like(shape: Shape, extents: list[Any]) -> Shape:
    kind = type(shape)
    return tuple(extents) if kind is tuple else (Classes if kind is Classes else Loss)(extents)


# ------------------------------------------------------------------------------------------------------- leaving


def translate(expr: Expr, mapping: Mapping[Atom, Expr], lets: Mapping[Any, Expr]) -> Expr | None:
    """`expr` over the caller's atoms: each of the callee's replaced by what `mapping` gives, each `let` expanded.
    None where some atom has no counterpart."""
    if type(expr) is Literal:
        return expr
    if type(expr) is Operation:
        parts = []
        for operand in expr.operands:
            part = translate(operand, mapping, lets)
            if part is None:
                return None
            parts.append(part)
        return operation(expr.operator, *parts)
    found = mapping.get(expr)  # type: ignore[arg-type]
    if found is None and expr in lets:
        return translate(lets[expr], mapping, lets)
    return found


def leave_block(
    result: Any,
    step: Step,
    mapping: Mapping[Atom, Expr],
    lets: Mapping[Any, Expr],
    context: Context,
    part: tuple[Any, ...] = (),
) -> Any:
    """What a block returned, as its caller sees it."""
    if type(result) is not Tensor:
        return tuple(leave_block(x, step, mapping, lets, context, (*part, i)) for i, x in enumerate(result))
    extents: list[Any] = []
    for axis, extent in enumerate(result.shape):
        if type(extent) is not Number:
            extents.append(extent)
            continue
        value = int(extent)
        expr = translate(extent.expr, mapping, lets)
        if expr is None and axis == 0 and not part and not context.in_place:
            expr = Exit(step.site, axis)
            context.environment[expr] = value
        extents.append(value if expr is None or type(expr) is Literal else Number(value, expr))
    return Tensor(Ref(step, part), result.value, _like(result.shape, extents))


def leave_loop(entered: Flow, last: Region | None, step: Loop, context: Context) -> Any:
    """What came out of the last turn, as it is seen after the loop.

    Other instances of the loop may run more or fewer turns, so that what is not a plain number is `After` the loop:
    which other expression that equals here, for callers of the frame, is noted among its lets.
    """
    result = entered if last is None else last.result
    if type(result) is not Tensor:
        return None if result is None else bare(reflow(result, step))
    local = {} if last is None else last.environment
    source = entered.shape if type(entered) is Tensor else ()
    extents: list[Any] = []
    for axis, extent in enumerate(result.shape):
        if type(extent) is not Number:
            extents.append(extent)
            continue
        expr: Expr | None = extent.expr
        if type(expr) is Entry and expr.site == step.site:
            # The size is kept in this turn, hence in all: what entered the loop has the same extent.
            same = source[expr.axis] if expr.axis < len(source) else None
            expr = provenance(same) if same == extent else None
        elif depends(extent.expr, local):
            expr = None
        extents.append(_after(step, axis, int(extent), expr, context))
    return Tensor(Ref(step), result.value, _like(result.shape, extents))


def leave_choice(result: Flow, step: Choice, context: Context) -> Any:
    """What came out of the arm that was taken, or past it. Other instances may take another: channels are `After`."""
    if type(result) is not Tensor:
        return reflow(result, step)
    extents = [
        _after(step, axis, int(e), provenance(e), context)
        if isinstance(e, int) and (axis == 0 or type(e) is Number)
        else e
        for axis, e in enumerate(result.shape)
    ]
    return Tensor(Ref(step), result.value, _like(result.shape, extents))


def _after(step: Step, axis: int, value: int, expr: Expr | None, context: Context) -> int:
    if axis or context.in_place:
        return value if expr is None or type(expr) is Literal else Number(value, expr)
    atom = After(step.site, axis)
    context.environment[atom] = value
    if expr is None:
        context.frame.lets.pop(atom, None)
    else:
        context.frame.lets[atom] = expr
    return Number(value, atom)


def leave_turn(region: Region, step: Loop, part: tuple[int, ...], context: Context) -> Any:
    """The result of one turn of `each`, as the merge sees it: what depends on the turn is a plain number."""
    result = region.result
    if type(result) is not Tensor:
        return None if result is None else bare(reflow(result, step, part))
    extents = [int(e) if type(e) is Number and depends(e.expr, region.environment) else e for e in result.shape]
    return Tensor(Ref(step, part), result.value, _like(result.shape, extents))


def depends(expr: Expr, local: Mapping[Atom, Any]) -> bool:
    """Whether `expr` reads an atom that `local` binds."""
    if type(expr) is Literal:
        return False
    if type(expr) is Operation:
        return any(depends(x, local) for x in expr.operands)
    return expr in local


def entry_mapping(flow: Any, site: Span) -> dict[Atom, Expr]:
    """What the extents of the value that enters at `site` are to the caller."""
    if type(flow) is not Tensor:
        return {}
    return {Entry(site, axis): provenance(extent) for axis, extent in enumerate(flow.shape) if isinstance(extent, int)}
