"""Braces and what steers them: groups, `repeat`, `for`, `if`, merges with their `each`."""

from __future__ import annotations

from typing import Any

from netdsl.expression import Variable, provenance
from netdsl.scope import Apply, Choice, Flow, Group, Join, Loop, Region, Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import bodies, calls, extents, operators, pipelines
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.paths import Container
from netdsl.syntax.elaborate.report import Poisoned, Stop
from netdsl.syntax.elaborate.values import Function, Operator, describe, plain, rebound, reflow, tensors


def run(unit: Any, context: Context, flow: Any, name: Any, container: Container | None) -> Any:
    """What comes out of braces or control when `flow` enters (None in a net with several inputs).

    `name` is the path component where there is a label, and `container` then the container that it makes.
    """
    kind = type(unit)
    if kind is tree.Body:
        return group(unit, context, flow, name, container)
    if kind is tree.Merge:
        return merge(unit, context, flow, name, container)
    if flow is None:
        raise context.report.error("N311", "nothing flows into this: the net has several inputs or none", unit.span)
    if kind is tree.If:
        return choice(unit, context, flow, name, container)
    return loop(unit, context, flow, name, container)


def group(
    body: tree.Body,
    context: Context,
    flow: Any,
    name: Any = "",
    container: Container | None = None,
    span: Span | None = None,
) -> Any:
    """Bare braces."""
    region = Region(body.span, None, flow)
    region.entry = reflow(flow, region)
    step = Group(span or body.span, name, None, region)
    context.region.steps.append(step)
    inner = context.within(region, entry=region.entry, container=container)
    region.chain = container is not None and container.chain
    region.result = bodies.run(body, inner)
    step.result = reflow(region.result, step)
    return step.result


def at_entry(context: Context, flow: Flow) -> Context:
    """For conditions, counts and lists in the head of control: there `in` is the value that enters the braces."""
    if context.entry is flow:
        return context
    return Context(
        context.run,
        context.frame,
        context.region,
        context.environment,
        context.container,
        context.scope,
        flow,
        context.in_place,
        context.share,
    )


# ---------------------------------------------------------------------------------------------------------- if


def choice(unit: tree.If, context: Context, flow: Flow, name: Any, container: Container | None) -> Any:
    """`if`: one arm is elaborated, and the numbers of the other one's stages are passed over."""
    condition = evaluation.truth(unit.condition, at_entry(context, flow))
    numbers = context.container if container is None else container
    step = Choice(unit.span, name, None, condition, None, None, flow)
    context.region.steps.append(step)
    arms: tuple[Any, Any] = (unit.then, unit.otherwise)
    arm = 0 if condition else 1
    if arm == 1:
        numbers.skip(unit.then)
    taken = arms[arm]
    if taken is None:
        step.result = extents.leave_choice(flow, step, context)
        return step.result
    region = Region(unit.span, None, flow)
    region.entry = reflow(flow, region)
    region.chain = container is not None and container.chain
    step.arm, step.region = arm, region
    inner = context.within(region, entry=region.entry, container=container)
    if type(taken) is tree.If:
        region.result = choice(taken, inner, region.entry, "", None)
    else:
        region.result = bodies.run(taken, inner)
    if arm == 0:
        numbers.skip(unit.otherwise)
    step.result = extents.leave_choice(region.result, step, context)
    return step.result


# -------------------------------------------------------------------------------------------------------- loops


def loop(unit: tree.Repeat | tree.For, context: Context, flow: Flow, name: Any, container: Container | None) -> Any:
    """`repeat` and `for`: one turn after the other."""
    head = at_entry(context, flow)
    names: tuple[tree.Name, ...] = ()
    if type(unit) is tree.Repeat:
        over: Any = evaluation.integer(unit.count, head, "a count")
        items: Any = (None,) * turns(over, unit.count.span, context)
        kind = "repeat"
    else:
        over = items = evaluation.elements(evaluation.evaluate(unit.iterable, head), unit.iterable, head)  # type: ignore[union-attr]
        turns(len(items), unit.iterable.span, context)  # type: ignore[union-attr]
        operators.refuse_mixed(items, unit.iterable.span, context, "is nothing to go through in sequence")  # type: ignore[union-attr]
        names, kind = unit.names, "for"  # type: ignore[union-attr]
    step = Loop(unit.span, name, None, kind, tuple((n.name, n.span) for n in names), over, [], flow)
    context.region.steps.append(step)
    current: Flow = flow
    cut = context.frame.cut
    region: Region | None = None
    for item in items:
        region = Region(unit.span, None, current)
        region.chain = container is not None and container.chain
        step.iterations.append(region)
        region.entry = extents.enter(current, region, unit.span, region.environment, context.in_place)
        inner = context.within(region, entry=region.entry, container=container)
        inner.environment = region.environment
        context.run.spend(unit.span)
        bind_variables(names, item, unit, inner)
        region.result = bodies.run(unit.body, inner)
        current = region.result  # what enters the next turn, as this one knows it
        if cut is not None and cut.done:
            break
    step.result = extents.leave_loop(flow, region, step, context)
    return step.result


def turns(count: int, span: Span, context: Context) -> int:
    """The number of turns, checked before the first. Raises Stop where it is beyond all measure."""
    if count < 0:
        raise context.report.error("N314", f"a loop cannot run {int(count)} times", span, f"is {int(count)}")
    if count > context.run.limits.repeat:
        context.report.error(
            "N610",
            f"a loop of {int(count):_} turns; the limit is {context.run.limits.repeat:_}",
            span,
            f"is {int(count)}",
        )
        raise Stop
    return int(count)


def bind_variables(names: tuple[tree.Name, ...], item: Any, unit: Any, inner: Context) -> None:
    """The loop's variables for one turn."""
    if not names:
        return
    for name, part in zip(names, evaluation.parts_of(names, item, unit.iterable.span, inner), strict=True):
        if inner.in_place:
            inner.scope.names[name.name] = plain(part)
            continue
        variable = Variable(name.name, name.span)
        value = rebound(plain(part), variable)
        if value is not part and provenance(value) is variable:
            inner.environment[variable] = plain(part)
        inner.scope.names[name.name] = value


# -------------------------------------------------------------------------------------------------------- merges


def merge(unit: tree.Merge, context: Context, flow: Any, name: Any, container: Container | None) -> Any:
    """`concat { a; b }`: every line a branch, and the operator that takes their results."""
    operator = _head(unit, context, flow)
    entry = Region(unit.body.span, None, flow)
    entry.entry = reflow(flow, entry)
    inner = context.within(entry, entry=entry.entry, container=container)
    try:
        operands, places = _branches(unit, inner)
        if not operands:
            raise context.report.error(
                "N306", f"`{operator.name}` has no branches", unit.span, help="each line in the braces is a branch"
            )
        step: Apply = operators.apply(
            inner, operator, tuple(operands), unit.span, None, record=False, flow_spans=tuple(places)
        )
    except Poisoned:  # nothing joins the branches, but they are there
        context.region.steps.append(Group(unit.span, name, None, entry))
        raise
    join = Join(unit.span, name, None, entry, step)
    context.region.steps.append(join)
    warn_of_activated(unit, operator, flow, entry, context)
    join.result = reflow(step.result, join)
    return join.result


def _head(unit: tree.Merge, context: Context, flow: Any) -> Operator:
    context.flow = flow if context.entry is not flow else None
    head = unit.head
    value = calls.call(head, context, waits=True) if type(head) is tree.Call else evaluation.evaluate(head, context)
    if type(value) is Function and value.operator is not None:
        value = value.operator
    if type(value) is not Operator:
        raise context.report.error(
            "N308",
            f"only an operator joins branches, and `{head.span.text}` is {describe(value)}",
            head.span,
            help="`concat`, `add` and `mul` join branches",
        )
    most = value.cls.inputs[1]
    if most is not None and most < 2:
        raise context.report.error(
            "N308",
            f"`{value.name}` takes one value, and braces join several",
            head.span,
            help=f"write `-> {head.span.text}` after the braces, or join with `concat`, `add` or `mul`",
        )
    return value


def _branches(unit: tree.Merge, inner: Context) -> tuple[list[Tensor], list[Span]]:
    """The values of all branches, in order. A mistake in one does not hide those of the others."""
    operands: list[Tensor] = []
    places: list[Span] = []
    failed = False
    for statement in unit.body.statements:
        try:
            if type(statement) is tree.Pipeline:
                result = branch(statement, inner)
            elif type(statement) is tree.Each:
                result = each(statement, inner)
            else:
                bodies.statement(statement, inner)
                continue
        except Poisoned:
            failed = True
            continue
        found = tensors(result)
        operands += found
        places += [statement.span] * len(found)
    if failed:
        raise Poisoned
    return operands, places


def branch(pipeline: tree.Pipeline, context: Context) -> Any:
    """One line of a merge: a group of its own."""
    region = Region(pipeline.span, None, context.entry)
    region.entry = reflow(context.entry, region)
    step = Group(pipeline.span, "", None, region)
    context.region.steps.append(step)
    inner = context.within(region, entry=region.entry)
    region.result = pipelines.apply(pipeline, inner)
    step.result = reflow(region.result, step)
    return step.result


def each(statement: tree.Each, context: Context) -> Any:
    """`each x in xs { .. }`: a branch for every element."""
    items = evaluation.elements(evaluation.evaluate(statement.iterable, context), statement.iterable, context)
    turns(len(items), statement.iterable.span, context)
    names = statement.names
    step = Loop(statement.span, "", None, "each", tuple((n.name, n.span) for n in names), items, [], context.entry)
    context.region.steps.append(step)
    results = []
    for i, item in enumerate(items):
        region = Region(statement.span, None, context.entry)
        step.iterations.append(region)
        region.entry = reflow(context.entry, region)
        inner = context.within(region, entry=region.entry)
        inner.environment = region.environment
        context.run.spend(statement.span)
        bind_variables(names, item, statement, inner)
        region.result = bodies.run(statement.body, inner)
        results.append(extents.leave_turn(region, step, (i,), context))
    step.result = tuple(results)
    return step.result


def warn_of_activated(unit: tree.Merge, operator: Operator, flow: Any, entry: Region, context: Context) -> None:
    """An omitted `else` in a branch of an `add` passes `in` on; where that was just activated it is rarely meant."""
    if operator.name != "add" or type(flow) is not Tensor or type(flow.ref.source) is Region:
        return  # what enters a block was activated by somebody else, as in ResNet, where that is meant
    node = context.run.nodes[flow.value.node]
    if node.op is None or node.op.family != "activation":
        return
    for statement, step in zip(unit.body.statements, entry.steps, strict=False):
        if not (type(statement) is tree.Pipeline and len(statement.stages) == 1 and type(step) is Group):
            continue
        lone = statement.stages[0].unit
        if type(lone) is tree.If and lone.otherwise is None:
            context.report.warning(
                "N350",
                f"without an `else` this branch adds the value that `{node.op.name}` just activated",
                lone.span,
                "passes `in` where the condition is false",
                help="name the value before the activation and use it, or write `else { in }`",
            )
