"""Pipelines: one stage after the other."""

from __future__ import annotations

from typing import Any

from netdsl.scope import Flow, Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import blocks, calls, control
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.expectations import check_size
from netdsl.syntax.elaborate.paths import RESERVED, callee_name
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.values import Instance, Operator, describe, is_block, is_flow
from netdsl.syntax.elaborate.wording import needs_source

BRACED = (tree.Body, tree.Merge, tree.Repeat, tree.For, tree.If)


def apply(
    pipeline: tree.Pipeline, context: Context, *, named: str | None = None, start: int = 0, flow: Any = None
) -> Any:
    """The value that comes out of a pipeline that is applied: at its head operators take `in`.

    `named` is the name in `name = pipeline`, after which a source must be said. With `start`, `flow` enters the
    stage of that number. Raises `Poisoned`.
    """
    saved = context.flow
    context.flow = None
    place = pipeline.span
    cut = context.frame.cut
    try:
        for i, stage in enumerate(pipeline.stages[start:], start):
            if i == 0:
                flow = _first(stage, context, named)
            else:
                flow = _after(stage, flow, place, context)
            if stage.check is not None and not context.frame.reused:
                check_size(stage, flow, context)
            place = stage.unit.span
            if cut is not None and cut.done:
                break
        return flow
    finally:
        context.flow = saved


def _first(stage: tree.Stage, context: Context, named: str | None) -> Any:
    unit = stage.unit
    if isinstance(unit, BRACED):
        return _braced(stage, context.entry, context)
    labelled = stage.label is not None
    component = label_of(stage, context) if labelled else None
    weighted = context.run.weighted
    if type(unit) is tree.Call:
        name = component if labelled else lambda: context.container.next_name(callee_name(unit) or "value")
        used: list[Any] = []

        def once() -> Any:
            used.append(name() if callable(name) else name)
            return used[0]

        value = calls.call(unit, context, name=once)
        if used:
            _finish(stage, used[0], weighted, value, context)
            return value
    else:
        value = evaluation.evaluate(unit, context)
    if is_flow(value):
        if labelled:
            raise context.report.error(
                "N321",
                "a label names a stage, and this is a value that is there already",
                stage.label.span,  # type: ignore[union-attr]
                help="leave the label out, or put it on the stage that makes the value",
            )
        return value
    if type(value) is Operator and value.cls.inputs == (0, 0):
        component = component if labelled else context.container.next_name(callee_name(unit) or value.name)
        result = blocks.apply(context, value, None, unit.span, component, unit.span)
        _finish(stage, component, weighted, result, context)
        return result
    if not is_block(value):
        raise not_a_stage(value, unit, context, head=True)
    if named is not None:
        raise needs_source(context.report, stage, named, _source(context))
    if (
        type(value) is Operator
        and value.name == "identity"
        and value.arguments is None
        and type(unit) is tree.Name
        and not labelled
    ):
        return _entry(context, unit.span)
    return _apply_stage(stage, value, component, _entry(context, unit.span), unit.span, context)


def _source(context: Context) -> str:
    """What an operator after `=` is probably meant to be applied to."""
    entry = context.entry
    if type(entry) is Tensor and entry.ref.part and isinstance(entry.ref.part[0], str):
        return entry.ref.part[0]
    return "in"


def _entry(context: Context, span: Span) -> Flow:
    if context.entry is None:
        raise context.report.error(
            "N311",
            f"`{span.text}` has no input here: the net has several inputs or none",
            span,
            help=f"say the input: `name -> {span.text}`",
        )
    return context.entry


def _after(stage: tree.Stage, flow: Flow, place: Span, context: Context) -> Any:
    unit = stage.unit
    if isinstance(unit, BRACED):
        return _braced(stage, flow, context)
    component = label_of(stage, context) if stage.label is not None else None
    context.flow = flow
    value = calls.call(unit, context, waits=True) if type(unit) is tree.Call else evaluation.evaluate(unit, context)
    if not is_block(value):
        raise not_a_stage(value, unit, context, head=False)
    return _apply_stage(stage, value, component, flow, place, context)


def _apply_stage(stage: tree.Stage, value: Any, component: Any, flow: Flow, place: Span, context: Context) -> Any:
    unit = stage.unit
    if type(value) is Instance:
        if stage.label is not None:
            context.report.error(
                "N321",
                f"the shared block `{value.name}` has its path already",
                stage.label.span,
                help="leave the label out",
            )
        return blocks.apply(context, value, flow, unit.span, value.component, place)
    if component is None:
        component = context.container.next_name(callee_name(unit) or "block")
    weighted = context.run.weighted
    result = blocks.apply(context, value, flow, unit.span, component, place)
    _finish(stage, component, weighted, result, context)
    return result


def _braced(stage: tree.Stage, flow: Any, context: Context) -> Any:
    """Braces and control. With a label they are a container of their own."""
    if stage.label is None:
        return control.run(stage.unit, context, flow, "", None)
    component = label_of(stage, context)
    weighted = context.run.weighted
    container = context.container_of(stage.unit, component)
    result = control.run(stage.unit, context, flow, component, container)
    _finish(stage, component, weighted, result, context)
    return result


def _finish(stage: tree.Stage, component: Any, weighted: int, result: Any, context: Context) -> None:
    """What is due after a stage that has a name: claim the path, and see whether the net is cut here."""
    stateful = context.run.weighted > weighted
    container = context.container
    label = stage.label
    container.claim(component, stage.span if label is None else label.span, label is not None, stateful, context.report)
    if label is None:
        if stateful and container.chain and container.plan.labelled:
            context.report.error(
                "N323",
                f"`{stage.unit.span.text}` holds weights and has no label, in a chain where other stages have labels",
                stage.unit.span,
                f"its path would be the number `{component}`",
                help="label it too, or take the labels off",
            )
        return
    cut = context.frame.cut
    if cut is not None and cut.kind == "upto":
        path = (container.path + component)[len(context.frame.path) :]
        if path in cut.labels:
            cut.reached[path] = result


def label_of(stage: tree.Stage, context: Context) -> Any:
    """The label of a stage as a path component: a str, traced where it is computed. One that is wrong is reported."""
    label = stage.label
    assert label is not None
    context.container.pass_label()
    text = label.text
    value = text.name if type(text) is tree.Name else evaluation.evaluate(text, context)
    wrong = _wrong_label(value)
    if wrong is not None:
        code, reason, hint = wrong
        context.report.error(code, f"the label {label.span.text} {reason}", label.span, help=hint)
    return value.replace(".", "_") if "." in value else value


def _wrong_label(value: str) -> tuple[str, str, str] | None:
    """Code, reason and help where a label cannot be an attribute of a module."""
    if not value:
        return "N321", "is empty", "use a word or a number"
    if "." in value:
        return "N321", "holds a dot, which separates the parts of a path", "label braces around the stage for each part"
    if value.isascii() and value.isdigit():
        return None
    if not (value.isascii() and value.isidentifier()):
        return "N321", "is no name that Python could use", "use letters, digits and `_`, or a number"
    if value in PYTHON:
        return "N322", "is a word of Python, and would break the module", f"call it `{value}_`"
    if value in RESERVED or value.startswith("__"):
        better = f"call it `{value}_layer`" if not value.startswith("_") else "call it otherwise"
        return "N322", "is an attribute that every nn.Module has, and would break the module", better
    return None


def not_a_stage(value: Any, unit: Any, context: Context, *, head: bool) -> Poisoned:
    """The error that something stands where a value or a stage should."""
    if head:
        return context.report.error(
            "N308",
            f"{describe(value)} does not flow",
            unit.span,
            "not a value, an operator or a block",
            help=None,
        )
    hint = None
    if is_flow(value):
        hint = f"join values with `concat`, `add` or an operator: `add({unit.span.text}, ..)`"
        return context.report.error(
            "N308", f"`{unit.span.text}` is a value, not a stage that one could flow through", unit.span, help=hint
        )
    return context.report.error("N308", f"{describe(value)} is not a stage", unit.span, "after an arrow", help=hint)


# fmt: off
PYTHON = frozenset((
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
))
# fmt: on
