"""Operators applied to values: one node of the graph each."""

from __future__ import annotations

from typing import Any

from netdsl.expression import Flag, Variable, provenance
from netdsl.extent import Affine
from netdsl.graph import Broken, Node
from netdsl.ops.initialiser import Initialiser
from netdsl.ops.op import OPS, Declared, Op, OpError, attributes, build
from netdsl.scope import Apply, Ref, Share, Tensor, Value
from netdsl.source import Span, Spans
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.locate import locate
from netdsl.syntax.elaborate.report import Poisoned, Stop
from netdsl.syntax.elaborate.values import (
    Arguments,
    InitialiserName,
    Operator,
    describe,
    holds_tensor,
    is_flow,
    is_scalar,
    shape_of,
    tensors,
)


def apply(
    context: Context,
    block: Operator,
    flow: Any,
    site: Span,
    name: Any = None,
    *,
    share: Share | None = None,
    path: str | None = None,
    record: bool = True,
    flow_spans: tuple[Span, ...] = (),
) -> Apply:
    """Apply an operator to `flow` (None at the head of a pipeline) and to the values among its arguments.

    `name` is its path component; where it is None the operator is part of an expression and finds one if it must.
    `path` is the module's whole path where that is settled already (shared). The step is appended to the region
    unless `record` is False. Raises `Poisoned`.
    """
    cls = block.cls
    arguments = block.arguments
    positional, named, operands, spans = _sort_out(context, cls, arguments, flow, flow_spans, site)
    try:
        op = build(cls, positional, named)
    except OpError as error:
        context.report.add(locate(error, Spans(site, _attribute_spans(cls, arguments), spans)))
        raise Poisoned from None
    if arguments is not None and arguments.spread:
        _name_spread(context, cls, positional, named)
    return add_node(
        context, op, operands, Spans(site, _attribute_spans(cls, arguments), spans), site, name, share, path, record
    )


def _sort_out(
    context: Context, cls: type[Op], arguments: Arguments | None, flow: Any, flow_spans: tuple[Span, ...], site: Span
) -> tuple[tuple[Any, ...], dict[str, Any], list[Any], tuple[Span, ...]]:
    """What is an attribute and what an input."""
    operands: list[Any] = []
    spans: list[Span] = []
    if flow is not None:
        several = cls.inputs[1] is None or cls.inputs[1] > 1
        operands = tensors(flow) if several and type(flow) is tuple else [flow]
        spans = list(flow_spans) if len(flow_spans) == len(operands) else [site] * len(operands)
    if arguments is None:
        return (), {}, operands, tuple(spans)
    positional: list[Any] = []
    for value, span in arguments.positional:
        value = used(value, span, context)
        if is_flow(value):
            parts = tensors(value)
            operands += parts
            spans += [span] * len(parts)
        else:
            positional.append(attribute_value(value, span, cls, context))
    named: dict[str, Any] = {}
    for key, (value, span) in arguments.named.items():
        value = used(value, span, context)
        if is_flow(value):
            _place(context, cls, key, value, span, operands, spans)
        else:
            named[key] = attribute_value(value, span, cls, context)
    return tuple(positional), named, operands, tuple(spans)


def refuse_mixed(value: Any, span: Span, context: Context, why: str) -> None:
    """Raises where `value` is a list in which values stand among numbers."""
    if holds_tensor(value) and not is_flow(value):
        raise context.report.error("N312", f"a list of values and numbers {why}", span, describe(value))


def used(value: Any, span: Span, context: Context) -> Any:
    """A value as it is used: an operator without inputs is applied (`x * parameter([64])`)."""
    if type(value) is Operator and value.cls.inputs == (0, 0):
        return apply(context, value, None, span).result
    return value


def _is_plain(value: Any) -> bool:
    return is_scalar(value) or (isinstance(value, tuple) and all(_is_plain(x) for x in value))


def attribute_value(value: Any, span: Span, cls: type[Declared], context: Context) -> Any:
    """A value as an operator or initialiser takes it: a number, a text, a list of these, or an initialiser."""
    kind = type(value)
    if kind is int or is_scalar(value) or isinstance(value, Initialiser):
        return value
    if kind is InitialiserName:
        try:
            return build(value.cls, (), {})
        except OpError as error:
            context.report.add(locate(error, Spans(span)))
            raise Poisoned from None
    if isinstance(value, tuple) and _is_plain(value):
        return value
    raise context.report.error(
        "N312",
        f"an attribute of `{cls.name}` is a number, a text or a list, not {describe(value)}",
        span,
        describe(value),
    )


def _place(
    context: Context, cls: type[Op], key: str, value: Any, span: Span, operands: list[Any], spans: list[Span]
) -> None:
    """An input that is given by name."""
    if key not in cls.operands:
        known = [f.name for f in attributes(cls)]
        names = ", ".join(f"`{n}`" for n in (*cls.operands, *known))
        message = (
            f"`{key}` of `{cls.name}` is no input, and this is {describe(value)}"
            if key in known
            else f"`{cls.name}` has no input `{key}`"
        )
        raise context.report.error("N202", message, span, help=f"it has {names}" if names else None)
    slot = cls.operands.index(key)
    if slot < len(operands):
        raise context.report.error("N204", f"`{key}` is given twice: input {slot + 1} of `{cls.name}`", span)
    if slot > len(operands):
        raise context.report.error("N205", f"`{cls.name}` needs `{cls.operands[len(operands)]}` before `{key}`", span)
    operands.append(value)
    spans.append(span)


def _name_spread(context: Context, cls: type[Op], positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    """What the elements of `...args` turn out to be."""
    names = _order(cls)
    for name, value in (*zip(names, positional, strict=False), *named.items()):
        name_variable(context, value, name)


def name_variable(context: Context, value: Any, name: str) -> None:
    """An element of `...args` that is bound to the attribute or parameter `name`."""
    expr = provenance(value)
    if type(expr) is Variable and "." in expr.name:
        context.frame.region.names.setdefault(expr, name)


_ORDER: dict[type[Declared], tuple[str, ...]] = {}


def _order(cls: type[Declared]) -> tuple[str, ...]:
    """The attributes that may be given by place."""
    if cls not in _ORDER:
        _ORDER[cls] = tuple(f.name for f in attributes(cls) if not f.metadata.get("keyword"))
    return _ORDER[cls]


def has_weights(cls: type[Op]) -> bool:
    """Whether an operator may have tensors in the state_dict."""
    return cls.weights is not Op.weights or cls.buffers is not Op.buffers


def _attribute_spans(cls: type[Declared], arguments: Arguments | None) -> dict[str, Span]:
    if arguments is None:
        return {}
    spans = {key: span for key, (_, span) in arguments.named.items()}
    if arguments.positional:
        given = [span for value, span in arguments.positional if not (is_flow(value) or type(value) is Operator)]
        order = _order(cls)
        for i, span in enumerate(given):
            spans.setdefault(order[i] if i < len(order) else f"#{i}", span)
    return spans


def spans_of(cls: type[Declared], arguments: Arguments) -> Spans:
    """Where the call of an operator or initialiser stands, and each attribute."""
    return Spans(arguments.span, _attribute_spans(cls, arguments))


def add_node(
    context: Context,
    op: Op,
    operands: list[Any],
    spans: Spans,
    site: Span,
    name: Any,
    share: Share | None = None,
    path: str | None = None,
    record: bool = True,
) -> Apply:
    """A new node, and its step in the trace, whose result is a tuple where there are several values."""
    run, container = context.run, context.container
    shapes = [x.shape if type(x) is Tensor else shape_of(x) for x in operands]
    try:
        found = op.infer(*shapes)
        stateful = has_weights(type(op)) and bool(op.weights(*shapes) or op.buffers(*shapes))
    except OpError as error:
        diagnostic = locate(error, spans, run.nodes, operands)
        context.report.add(diagnostic)
        if not context.report.quiet:
            inputs = tuple(x.value for x in operands if type(x) is Tensor)
            path = container.path + op.name.rpartition(".")[2]
            run.broken.append(Broken(Node(-1, run.unique(path), "operator", op, inputs, (), spans), diagnostic))
        raise Poisoned from None
    several = type(found) is list
    outputs = tuple(found) if several else (found,)
    number = len(run.nodes)
    if number >= run.limits.nodes:
        context.report.error(
            "N612",
            f"the network has more than {run.limits.nodes:_} nodes",
            site,
            "this one is too many",
            help="repeat less, or split the network",
        )
        raise Stop
    component = name() if callable(name) else name
    base = op.name.rpartition(".")[2]
    if component is None and (stateful or op.stateful):
        component = container.next_name(base)
        container.claim(component, site, False, stateful, context.report)
    full = path if path is not None else container.path + (base if component is None else component)
    owner = full if stateful or op.stateful else ""
    if stateful:
        run.weighted += 1
        if context.share is not None:
            context.share.made[owner] = tuple(op.weights(*shapes).items()), tuple(op.buffers(*shapes).items())
    run.nodes.append(
        Node(number, run.unique(full), "operator", op, tuple(x.value for x in operands), outputs, spans, owner)
    )
    step = Apply(site, "" if component is None else component, None, number, op, tuple(operands), owner, share)
    if several:
        step.result = tuple(Tensor(Ref(step, (i,)), Value(number, i), shape) for i, shape in enumerate(outputs))
    else:
        step.result = Tensor(Ref(step), Value(number), found)
    if record:
        context.region.steps.append(step)
    return step


def arithmetic(name: str, values: list[Any], places: list[Span], span: Span, context: Context) -> Any:
    """`x + y`, `2 - x`, `-x` on values that flow: the operator `name`."""
    values = [used(value, place, context) for value, place in zip(values, places, strict=True)]
    cls = OPS[name]
    operands: list[Any] = []
    inputs: list[Span] = []
    named: dict[str, Any] = {}
    numbers: dict[str, Span] = {}
    for i, (value, place) in enumerate(zip(values, places, strict=True)):
        if type(value) is Tensor:
            operands.append(value)
            inputs.append(place)
        elif isinstance(value, int | float) and not isinstance(value, bool | Flag):
            named["scalar"] = value
            numbers["scalar"] = place
            if i == 0:
                named["reverse"] = True
        elif isinstance(value, Affine):
            raise context.report.error("N340", f"arithmetic with the unknown extent {value}", place)
        else:
            raise context.report.error("N312", f"{describe(value)} cannot take part in arithmetic", place)
    if len(operands) == 0:
        raise Poisoned
    spans = Spans(span, numbers, tuple(inputs))
    try:
        op = build(cls, (), named)
    except OpError as error:
        context.report.add(locate(error, spans))
        raise Poisoned from None
    return add_node(context, op, operands, spans, span, None).result
