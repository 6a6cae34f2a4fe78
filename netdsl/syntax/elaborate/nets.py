"""Nets: their inputs, targets, outputs and loss, as a network of its own or inside another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from netdsl.extent import Affine, bind, symbol
from netdsl.graph import Node, Output
from netdsl.ops.op import LARGEST_EXTENT, LARGEST_SIZE, Classes, show_shape
from netdsl.scope import Ref, Region, Tensor, Value
from netdsl.source import Span, Spans
from netdsl.syntax import tree
from netdsl.syntax.elaborate import bodies, pipelines
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, CutPoint
from netdsl.syntax.elaborate.detach import free_names, literal_labels
from netdsl.syntax.elaborate.paths import Container, plan_of
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.resolve import is_aux
from netdsl.syntax.elaborate.scopes import MISSING, Declared
from netdsl.syntax.elaborate.values import POISON, Poison, describe, is_flow, tensors


@dataclass(slots=True)
class Interface:
    """What a net's body declares, while it is elaborated as a network of its own."""

    sizes: dict[str, tuple[int, ...]]  # given for inputs, by name
    inputs: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    loss: Value | None = None
    loss_region: Region | None = None
    expects: list[tree.Expect] = field(default_factory=list)
    symbols: dict[str, int] = field(default_factory=dict)  # values by the given sizes
    failed: bool = False


def input_names(body: tree.Body) -> list[tree.Name]:
    """The inputs that a net declares."""
    return [name for s in body.statements if isinstance(s, tree.Input) for name in s.names]


# ------------------------------------------------------------------------------------------------ as a network


def run_root(body: tree.Body, context: Context, interface: Interface) -> None:
    """Elaborate the body of the network that is compiled. Mistakes are reported; `interface` fills."""
    single = len(input_names(body)) == 1
    _solve(body, context, interface)
    for item in body.statements:
        try:
            match item:
                case tree.Input():
                    _inputs(item, context, interface, single)
                case tree.Target():
                    _targets(item, context, interface)
                case tree.Output():
                    _outputs(item, context, interface)
                case tree.Assign(names=(tree.Name(name="loss"),)):
                    _loss(item, context, interface)
                case tree.Expect():
                    interface.expects.append(item)
                case tree.Pipeline():
                    pipelines.apply(item, context)
                case _:
                    bodies.statement(item, context)
        except Poisoned:
            interface.failed = True


def _solve(body: tree.Body, context: Context, interface: Interface) -> None:
    """Find what symbols are worth where the sizes of inputs are given, before any input is made."""
    declared = {name.name: item for item in body.statements if isinstance(item, tree.Input) for name in item.names}
    for name, size in interface.sizes.items():
        if name not in declared:
            continue
        context.report.quiet += 1
        inner = context.within(context.region, entry=None)
        try:
            shape = shape_of(declared[name].shape, inner, {})
        except Poisoned:
            continue
        finally:
            context.report.quiet -= 1
        if len(shape) == len(size):
            match_symbols(shape, size, interface.symbols)


def match_symbols(shape: tuple[Any, ...], size: tuple[Any, ...], found: dict[str, Any]) -> None:
    """Learn symbols from extents such as `H` and `8*h + 4`."""
    for extent, value in zip(shape, size, strict=True):
        if isinstance(extent, Affine) and len(extent.terms) == 1 and isinstance(extent.terms[0][0], str):
            atom, factor = extent.terms[0]
            rest = value - extent.constant
            if isinstance(rest, int) and rest % factor:
                continue
            found.setdefault(str(atom), rest // factor)


def shape_of(expr: tree.Expr, context: Context, symbols: dict[str, int]) -> tuple[Any, ...]:
    """The shape that a declaration states. Names that mean nothing yet are symbols from here on."""
    for name in sorted(free_names(expr)):
        if context.scope.find(name) is MISSING:
            context.scope.names[name] = symbols[name] if name in symbols else symbol(name)
    value = evaluation.evaluate(expr, context)
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value,)
    if not isinstance(value, tuple) or is_flow(value):
        raise context.report.error(
            "N312",
            f"the shape of an input is a size or a list, not {describe(value)}",
            expr.span,
            help="write `3x224x224` or `[3, H, W]`",
        )
    total = 1
    for extent in value:
        if isinstance(extent, Affine):
            continue
        if not isinstance(extent, int) or isinstance(extent, bool):
            raise context.report.error("N312", f"an extent is an integer, not {describe(extent)}", expr.span)
        if not 1 <= extent <= LARGEST_EXTENT:
            raise context.report.error(
                "N615", f"an extent of {int(extent)}; extents go from 1 to {LARGEST_EXTENT}", expr.span
            )
        total *= int(extent)
    if total > LARGEST_SIZE:
        raise context.report.error(
            "N615", f"{show_shape(value)} would hold {total} numbers; the limit is {LARGEST_SIZE}", expr.span
        )
    return tuple(value)


def _inputs(item: tree.Input, context: Context, interface: Interface, single: bool) -> None:
    for name in item.names:
        context.scope.names[name.name] = POISON
    shape = shape_of(item.shape, context, interface.symbols)
    for name in item.names:
        size = interface.sizes.get(name.name)
        own = shape
        if size is not None:
            own = _given_size(name, shape, size, item, context, interface)
        tensor = _declare(name, own, "input", item.span, context)
        interface.inputs.append(tensor.value.node)
        if single:
            context.entry = context.region.entry = tensor


def _given_size(
    name: tree.Name,
    shape: tuple[Any, ...],
    size: tuple[int, ...],
    item: tree.Input,
    context: Context,
    interface: Interface,
) -> tuple[Any, ...]:
    """The shape with the sizes that were given for the input."""
    bound = tuple(bind(e, interface.symbols) for e in shape)
    if len(size) != len(bound) or any(a != b for a, b in zip(bound, size, strict=True)):
        raise context.report.error(
            "N211",
            f"the size {show_shape(size)} given for `{name.name}` does not fit {show_shape(shape)}",
            item.shape.span,
            f"declared as {show_shape(shape)}",
            help="give a size only for extents that are symbols, and one that fits them",
        )
    return bound


def _declare(name: tree.Name, shape: tuple[Any, ...], role: str, span: Span, context: Context) -> Tensor:
    run = context.run
    number = len(run.nodes)
    run.nodes.append(Node(number, run.unique(name.name), role, None, (), (shape,), Spans(span)))
    tensor = Tensor(Ref(context.region, (name.name,)), Value(number), shape)
    context.scope.names[name.name] = tensor
    return tensor


def _targets(item: tree.Target, context: Context, interface: Interface) -> None:
    for name in item.names:
        context.scope.names[name.name] = POISON
    shape = target_shape(item.shape, context, interface.symbols)
    for name in item.names:
        interface.targets.append(_declare(name, shape, "target", item.span, context).value.node)


def target_shape(expr: tree.Expr, context: Context, symbols: dict[str, int]) -> tuple[Any, ...]:
    """`class`, `class[H, W]`, or a shape."""
    match expr:
        case tree.Name(name="class"):
            return Classes(())
        case tree.Index(value=tree.Name(name="class"), indices=indices):
            extents = tuple(x for x in indices if not isinstance(x, tree.Slice))
            return Classes(shape_of(tree.List(extents, expr.span), context, symbols))
    return shape_of(expr, context, symbols)


def _outputs(item: tree.Output, context: Context, interface: Interface) -> None:
    aux = is_aux(item)
    if item.pipeline is not None:
        bodies.assign(item.names, item.pipeline, item, context)
    for name in item.names:
        value = evaluation.evaluate(name, context)
        if not is_flow(value):
            raise context.report.error("N312", f"an output is a value that flows, not {describe(value)}", name.span)
        interface.outputs.append(Output(name.name, values(value), aux, name.span))


def values(flow: Any) -> Any:
    """The graph's values in a flow, nested as it is."""
    return flow.value if type(flow) is Tensor else tuple(values(x) for x in flow)


def _loss(item: tree.Assign, context: Context, interface: Interface) -> None:
    region = Region(item.span, None, None)
    inner = context.within(region, entry=None, container=Container("loss.", plan_of(item.pipeline), False))
    inner.environment = region.environment
    weighted = context.run.weighted
    result = pipelines.apply(item.pipeline, inner, named="loss")
    if context.run.weighted > weighted:
        raise context.report.error(
            "N335",
            "a loss holds no weights: it is a function of the outputs and the targets",
            item.pipeline.span,
            help="make what has the weights an `aux output`, and use that in the loss",
        )
    if type(result) is not Tensor or tuple(result.shape) != ():
        raise context.report.error(
            "N335",
            f"a loss is one number, and this is {describe(result)}",
            item.pipeline.span,
            help="reduce it with `mean` or `sum`",
        )
    region.result = result
    interface.loss, interface.loss_region = result.value, region
    context.scope.names["loss"] = Poison("N333", "the loss cannot be used in the network")


# ------------------------------------------------------------------------------------------- inside another one


def run_reused(declared: Declared, context: Context, site: Span) -> Any:
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
