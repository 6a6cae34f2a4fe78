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
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.detach import free_names
from netdsl.syntax.elaborate.paths import Container, plan_of
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.resolve import is_aux
from netdsl.syntax.elaborate.scopes import MISSING
from netdsl.syntax.elaborate.values import POISON, Poison, describe, is_flow


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
