"""What stands between braces: statements, one after the other."""

from __future__ import annotations

from typing import Any

from netdsl.expression import Variable, provenance
from netdsl.ops.initialiser import Initialiser
from netdsl.scope import Bind, Let, Share
from netdsl.syntax import tree
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate import expectations, pipelines
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.paths import RESERVED
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.values import (
    POISON,
    Closure,
    InitialiserName,
    Instance,
    describe,
    is_block,
    is_flow,
    plain,
    rebound,
    reflow,
)


def run(body: tree.Body, context: Context) -> Any:
    """The result of a body: the value of its one bare pipeline. Raises `Poisoned` after all statements were tried."""
    result: Any = None
    failed = False
    cut = context.frame.cut
    for item in body.statements:
        try:
            if type(item) is tree.Pipeline:
                result = pipelines.apply(item, context)
            else:
                found = statement(item, context)
                result = result if found is None else found
        except Poisoned:
            failed = True
        if cut is not None and cut.done:
            return result
    if failed or result is None:
        raise Poisoned
    return result


def statement(item: tree.Statement, context: Context) -> Any:
    """Any statement but a bare pipeline. What it names is poisoned where it fails.

    Returns a value only where the net is cut in the statement."""
    match item:
        case tree.Assign():
            value = assign(item.names, item.pipeline, item, context)
            if context.frame.cut is not None and context.frame.cut.done:
                return value
        case tree.Let() | tree.Shared():
            try:
                if isinstance(item, tree.Let):
                    _let(item, context)
                else:
                    _shared(item, context)
            except Poisoned:
                poison((item.name,), context)
                raise
        case tree.Expect():
            if not context.frame.reused:
                expectations.check(item, context)
        case _:  # in a place where the resolver refuses it
            raise Poisoned
    return None


def assign(names: tuple[tree.Name, ...], pipeline: tree.Pipeline, item: Any, context: Context) -> Any:
    """`x = pipeline`, `a, b = pipeline`: name a value that flows, or its parts."""
    try:
        value = pipelines.apply(pipeline, context, named=", ".join(n.name for n in names))
        if context.frame.cut is not None and context.frame.cut.done:
            return value
        return bind(names, value, item, context)
    except Poisoned:
        poison(names, context)
        raise


def poison(names: tuple[tree.Name, ...], context: Context) -> None:
    """What these names mean follows from a mistake."""
    context.scope.names.update((name.name, POISON) for name in names)


def bind(names: tuple[tree.Name, ...], value: Any, item: Any, context: Context) -> Any:
    """Name a value, or its parts; the step is what later uses refer to."""
    step = Bind(item.span, "", None, tuple(n.name for n in names), value)
    context.region.steps.append(step)
    step.result = reflow(value, step)
    if len(names) == 1:
        context.scope.names[names[0].name] = step.result
        return step.result
    parts = step.result
    if type(parts) is not tuple or len(parts) != len(names):
        found = f"a list of {len(parts)}" if type(parts) is tuple else "one value"
        raise context.report.error(
            "N313",
            f"{len(names)} names cannot take apart {found}",
            names[0].span.to(names[-1].span),
            f"{len(names)} names",
            help="`split(n)` gives a list of n values" if type(parts) is not tuple else None,
        )
    for name, part in zip(names, parts, strict=True):
        context.scope.names[name.name] = part
    return step.result


def _let(item: tree.Let, context: Context) -> None:
    name = item.name.name
    value = evaluation.evaluate(item.value, context)
    if is_flow(value):
        raise context.report.error(
            "N312",
            f"`let` names numbers and blocks, and `{name}` is a value that flows",
            item.value.span,
            help=f"write `{name} = {item.value.span.text}`",
        )
    if isinstance(value, Closure) and not value.name:
        value.name = name
    context.scope.names[name] = value
    if is_block(value) or context.in_place or isinstance(value, Initialiser | InitialiserName):
        return
    variable = Variable(name, item.name.span)
    inside = rebound(plain(value), variable)
    if provenance(inside) is not variable:
        return
    context.region.steps.append(Let(item.name.span, "", None, name, value))
    context.environment[variable] = plain(value)
    context.frame.lets[variable] = provenance(value)
    context.scope.names[name] = inside


def _shared(item: tree.Shared, context: Context) -> None:
    name = item.name.name
    value = evaluation.evaluate(item.value, context)
    if not is_block(value) or isinstance(value, Instance):
        raise context.report.error(
            "N312",
            f"`shared` names one instance of a block, and this is {describe(value)}",
            item.value.span,
            help=f"write `{name} = ..` for a value that flows" if is_flow(value) else None,
        )
    if name in RESERVED or name.startswith("__"):
        raise context.report.error(
            "N322",
            f"the name `{name}` is an attribute that every nn.Module has",
            item.name.span,
            "would break the module",
            help=f"call it `{name}_block`",
        )
    if isinstance(value, Closure) and not value.name:
        value.name = name
    step = Share(item.span, name, None, name)
    context.region.steps.append(step)
    context.container.claim(name, item.name.span, True, True, context.report)
    context.scope.names[name] = Instance(name, value, context, step, name)
