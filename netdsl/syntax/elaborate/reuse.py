"""Nets as stages of other nets, whole or cut at labels."""

from __future__ import annotations

from typing import Any

from netdsl.ops.op import show_shape
from netdsl.scope import Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import bodies, pipelines
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, CutPoint
from netdsl.syntax.elaborate.detach import free_names, literal_labels
from netdsl.syntax.elaborate.nets import input_names, match_symbols, shape_of, values
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.resolve import is_aux
from netdsl.syntax.elaborate.scopes import Declared
from netdsl.syntax.elaborate.values import POISON, Poison, describe, tensors


def run(declared: Declared, context: Context, site: Span) -> Any:
    """The value of a net that is a stage: its outputs, or the values at the labels where it is cut."""
    body = declared.node.body
    if not isinstance(body, tree.Body):
        raise context.report.error("N330", f"the net `{declared.name}` has no input", site)
    names = input_names(body)
    if len(names) != 1:
        raise context.report.error(
            "N332",
            f"a net that is a stage has one input, and `{declared.name}` has {len(names)}",
            site,
            help="make a block of what is to be used twice",
        )
    cut = context.frame.cut
    if cut is not None and cut.kind == "from":
        outputs = _run_from(declared, body, context, site)
    else:
        outputs = _run_upto(body, context)
    if cut is not None and cut.kind == "upto":
        return _reached(declared, context, site, outputs)
    if not outputs:
        raise Poisoned
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _run_upto(body: tree.Body, context: Context, outputs: list[Any] | None = None) -> list[Any]:
    """Elaborate the statements, until a cut is reached."""
    outputs = [] if outputs is None else outputs
    cut = context.frame.cut
    failed = False
    for item in needed(body, cut):
        try:
            value = _reused(item, context, outputs)
        except Poisoned:
            failed = True
            value = None
        if cut is not None and cut.done:
            return [value]
    if failed:
        raise Poisoned
    return outputs


def needed(body: tree.Body, cut: CutPoint | None) -> list[tree.Statement]:
    """The statements of a net that is a stage which its value needs: not those that only aux outputs and the loss
    read, and none after the last label where it is cut."""
    labels = () if cut is None or cut.kind != "upto" else tuple(label.rpartition(".")[2] for label in cut.labels)
    at = [
        max((i for i, s in enumerate(body.statements) if label in literal_labels(s)), default=None) for label in labels
    ]
    if None in at:  # a computed label: which statement makes it is not known
        return list(body.statements)
    last = max((i for i in at if i is not None), default=len(body.statements) - 1)
    names: set[str] = set()
    kept: list[tree.Statement] = []
    for i, item in reversed(list(enumerate(body.statements[: last + 1]))):
        result = i in at if labels else isinstance(item, tree.Output) and not is_aux(item)
        interface = isinstance(item, tree.Input | tree.Target) or (isinstance(item, tree.Output) and is_aux(item))
        if result or interface or names & set(_named(item)):
            kept.append(item)
            if not interface or isinstance(item, tree.Input):
                names |= free_names(item)
    return kept[::-1]


def _reused(item: tree.Statement, context: Context, outputs: list[Any]) -> Any:
    """One statement of a net that is a stage. Returns a value where the net is cut in it."""
    cut = context.frame.cut
    names = context.scope.names
    match item:
        case tree.Input(names=(name,)):
            _bind_input(item, name, context)
        case tree.Target():
            for name in item.names:
                names[name.name] = Poison("N333", f"the target `{name.name}` is not there in a net that is a stage")
        case tree.Output() if is_aux(item):
            for name in item.names:
                names.setdefault(
                    name.name, Poison("N333", f"the aux output `{name.name}` is not there in a net that is a stage")
                )
        case tree.Output():
            if item.pipeline is not None:
                value = bodies.assign(item.names, item.pipeline, item, context)
                if cut is not None and cut.done:
                    return value
            outputs += [evaluation.evaluate(name, context) for name in item.names]
        case tree.Assign(names=(tree.Name(name="loss"),)) | tree.Expect():
            pass
        case tree.Pipeline():
            pipelines.apply(item, context)
        case _:
            return bodies.statement(item, context)
    return None


def _bind_input(item: tree.Input, name: tree.Name, context: Context) -> None:
    flow = context.region.entry
    context.scope.names[name.name] = POISON
    if type(flow) is not Tensor:
        raise context.report.error("N312", f"a net takes one value, not {describe(flow)}", item.span)
    shape = shape_of(item.shape, context.within(context.region, entry=None), {})
    if len(shape) != len(flow.shape):
        raise context.report.error(
            "N336",
            f"the input `{name.name}` is {show_shape(shape)}, and {show_shape(flow.shape)} has another number of axes",
            item.shape.span,
        )
    context.scope.names[name.name] = flow
    found: dict[str, Any] = {}
    match_symbols(shape, tuple(flow.shape), found)
    context.scope.names.update(found)


def _reached(declared: Declared, context: Context, site: Span, last: list[Any]) -> Any:
    """The values at the labels where the net is cut; `last` is what flowed out where the last one was reached."""
    cut = context.frame.cut
    assert cut is not None
    for label in cut.labels:
        if label not in cut.reached:
            raise _no_label(declared, label, context, site)
    found = [cut.reached[label] for label in cut.labels]
    for i, (label, value) in enumerate(zip(cut.labels, found, strict=True)):
        if label == next(reversed(cut.reached)) and values(last[0]) == values(value):
            found[i] = last[0]  # as it is seen outside of the loops and braces around the label
        elif any(t.ref.source not in context.region.steps for t in tensors(value)):
            raise context.report.error(
                "N334",
                f"the net `{declared.name}` cannot be cut at `{label}`, which stands inside other braces",
                site,
                help="cut at a label outside of loops and merges, or at one label alone",
            )
    return found[0] if cut.single else tuple(found)


def _no_label(declared: Declared, label: str, context: Context, site: Span) -> Poisoned:
    return context.report.error(
        "N334",
        f"the net `{declared.name}` has no stage labelled `{label}`",
        site,
        help="a label inside a container is written with its path, such as `features.norm0`",
    )


def _run_from(declared: Declared, body: tree.Body, context: Context, site: Span) -> list[Any]:
    """Elaborate what follows a label: `in` enters the stage that has it."""
    cut = context.frame.cut
    assert cut is not None
    label = cut.labels[0]
    outputs: list[Any] = []
    for i, item in enumerate(body.statements):
        pipeline = item.pipeline if isinstance(item, tree.Assign | tree.Output) else None
        at = _labelled(pipeline, label)
        if pipeline is None or at is None:
            for name in _named(item):
                context.scope.names[name] = Poison(
                    "N333", f"`{name}` stands before the label `{label}`, where the net is cut"
                )
            if isinstance(item, tree.Let | tree.Shared):
                bodies.statement(item, context)
            continue
        value = (
            pipelines.apply(pipeline, context, start=at, flow=context.region.entry)
            if at
            else pipelines.apply(tree.Pipeline(pipeline.stages, pipeline.span), context)
        )
        bound = bodies.bind(item.names, value, item, context)  # type: ignore[union-attr]
        if isinstance(item, tree.Output) and not is_aux(item):
            outputs += list(bound) if len(item.names) > 1 else [bound]
        rest = tree.Body(body.statements[i + 1 :], body.span)
        return _run_upto(rest, context, outputs)
    raise _no_label(declared, label, context, site)


def _labelled(pipeline: tree.Pipeline | None, label: str) -> int | None:
    """The number of the stage with this label, in a pipeline."""
    for i, stage in enumerate(() if pipeline is None else pipeline.stages):
        text = None if stage.label is None else stage.label.text
        if isinstance(text, tree.Name) and text.name == label:
            return i
        if isinstance(text, tree.Text) and text.parts == (label,):
            return i
    return None


def _named(item: tree.Statement) -> list[str]:
    if isinstance(item, tree.Assign | tree.Output | tree.Input | tree.Target):
        return [name.name for name in item.names]
    return [item.name.name] if isinstance(item, tree.Let | tree.Shared) else []
