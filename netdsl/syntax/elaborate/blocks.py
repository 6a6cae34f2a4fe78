"""Blocks applied to a value: aliases, calls that become classes, blocks in place, shared blocks, parts of nets."""

from __future__ import annotations

from typing import Any

from netdsl.diagnostics import Label
from netdsl.expression import Atom, Entry, Expr, Variable, provenance
from netdsl.scope import Definition, Flow, Group, Invoke, Region, Share, Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import bodies, calls, extents, nets, operators, pipelines
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, CutPoint, Frame, Sharing, is_chain
from netdsl.syntax.elaborate.detach import detach
from netdsl.syntax.elaborate.paths import Container
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import Declared, Scope
from netdsl.syntax.elaborate.values import (
    Closure,
    Cut,
    Defined,
    Function,
    Instance,
    Operator,
    Rest,
    block_key,
    block_value,
    describe,
    is_block,
    plain,
    rebound,
    reflow,
)


def apply(
    context: Context,
    block: Any,
    flow: Any,
    site: Span,
    component: Any,
    place: Span,
    *,
    share: Share | None = None,
    path: str | None = None,
) -> Any:
    """The value that `block` makes of `flow`.

    `component` is its path component, `path` its whole path where that is settled already, `place` where `flow`
    comes from. Raises `Poisoned`.
    """
    if type(block) is Function and block.operator is not None:
        block = block.operator
    kind = type(block)
    if kind is Operator:
        spans = () if flow is None else (place,)
        return operators.apply(context, block, flow, site, component, share=share, path=path, flow_spans=spans).result
    if kind is Defined:
        if block.declared.alias is not None:
            return _alias(context, block, flow, site, component, place, share, path)
        return _invoke(context, block, flow, site, component, share, path)
    if kind is Closure:
        if block.caught is None and block.context.frame is context.frame and share is None:
            return _in_place(context, block, flow, site, component)
        return _inline(context, block, flow, site, component, share, path)
    if kind is Instance:
        return _shared(context, block, flow, site)
    if kind is Cut:
        return _cut(context, block, flow, site, component, share, path)
    raise context.report.error("N308", f"{describe(block)} cannot be applied to a value", site)


# ------------------------------------------------------------------------------------------------------- aliases


def _alias(
    context: Context,
    block: Defined,
    flow: Any,
    site: Span,
    component: Any,
    place: Span,
    share: Share | None,
    path: str | None,
) -> Any:
    """`block a(..) = one call`: that call, with the alias's parameters in place."""
    with context.run.inside(block.name, site):
        value = expand(context, block, flow, site, component)
        if not is_block(value):
            return value
        return apply(context, value, flow, site, component, place, share=share, path=path)


def expand(context: Context, block: Defined, flow: Any, site: Span, component: Any = None) -> Any:
    """What the call behind an alias is worth where `flow` is the alias's input."""
    declared = block.declared
    alias = declared.alias
    scope = Scope(declared.home)
    inner = Context(
        context.run,
        context.frame,
        context.region,
        context.environment,
        context.container,
        scope,
        flow,
        True,
        context.share,
    )
    for name, given in calls.bind(declared, block.arguments, site, context).items():
        if isinstance(given, tuple):
            scope.names[name] = given[0]
        elif given is None:
            scope.names[name] = evaluation.evaluate(_default(declared, name), inner)
        else:
            scope.names[name] = given
    if type(alias) is tree.Call:
        value = calls.call(alias, inner, name=component)
    else:
        assert alias is not None
        value = evaluation.evaluate(alias, inner)
    if type(value) is not Tensor and not is_block(value) and type(value) is not tuple:
        raise context.report.error("N308", f"`{block.name}` is {describe(value)}, not a block", alias.span)
    return value


def _default(declared: Declared, name: str) -> tree.Value:
    found = next(p.default for p in declared.node.parameters if p.name.name == name)
    assert found is not None
    return found


# -------------------------------------------------------------------------------------------------------- frames


def _invoke(
    context: Context,
    block: Defined,
    flow: Any,
    site: Span,
    component: Any,
    share: Share | None,
    path: str | None,
    cut: CutPoint | None = None,
) -> Any:
    """A call that becomes an instance of the class that the definition becomes."""
    declared = block.declared
    node = declared.node
    with context.run.inside(block.name, site):
        bound = calls.bind(declared, block.arguments, site, context)
        region = Region(declared.site, None, flow)
        prefix = (context.container.path + component if path is None else path) + "."
        frame = Frame(region, prefix, reused=context.frame.reused or node.kind == "net", cut=cut)
        environment = region.environment
        region.entry = extents.enter(flow, region, declared.site, environment)
        scope = Scope(declared.home)
        container = Container(prefix, declared.plan, False)
        callee = Context(context.run, frame, region, environment, container, scope, region.entry, False, context.share)
        step = Invoke(site, component, None, declared.definition, region, {}, {}, (), share)
        if cut is not None:
            step.specialisation = (cut.kind, *cut.labels)
        mapping = _entry_mapping(flow, declared.site)
        given = _Given(context, callee, step, mapping)
        for parameter in node.parameters:
            given.bind(parameter, bound[parameter.name.name])
        container.chain = region.chain = is_chain(declared.plan, scope)
        context.region.steps.append(step)
        if node.kind == "net":
            region.result = nets.run_reused(declared, callee, site)
        elif isinstance(node.body, tree.Body):
            region.result = bodies.run(node.body, callee)
        else:
            region.result = pipelines.apply(node.body, callee)
        if block.arguments is not None and block.arguments.spread:
            given.name_spread()
        step.result = extents.leave_block(region.result, step, mapping, frame.lets, context)
        return step.result


def _entry_mapping(flow: Any, site: Span) -> dict[Atom, Expr]:
    if type(flow) is not Tensor:
        return {}
    return {Entry(site, axis): provenance(extent) for axis, extent in enumerate(flow.shape) if isinstance(extent, int)}


class _Given:
    """What a call gives to the parameters of the definition, on both sides of the border."""

    def __init__(self, caller: Context, callee: Context, step: Invoke, mapping: dict[Atom, Expr]) -> None:
        self.caller, self.callee, self.step, self.mapping = caller, callee, step, mapping
        self.spread: list[tuple[Any, str, Variable | None]] = []

    def bind(self, parameter: tree.Parameter, given: tuple[Any, Span] | Rest | None) -> None:
        """Bind one parameter in the callee's scope, and record it in the trace."""
        name, site = parameter.name.name, parameter.name.span
        if type(given) is Rest:
            self.callee.scope.names[name] = self._rest(given, name, site)
            return
        if given is None:
            assert parameter.default is not None
            value = evaluation.evaluate(parameter.default, self.callee)
            self.callee.scope.names[name] = self._inside(value, name, site, parameter.default.span, default=True)
        else:
            value, place = given  # type: ignore[misc]
            self.callee.scope.names[name] = self._inside(value, name, site, place)
            self.spread.append((value, name, None))

    def _rest(self, rest: Rest, name: str, site: Span) -> Rest:
        positional = []
        for i, (value, place) in enumerate(rest.positional):
            positional.append((self._inside(value, f"{name}.{i}", site, place), place))
            self.spread.append((value, "", Variable(f"{name}.{i}", site)))
        named = {}
        for key, (value, place) in rest.named.items():
            named[key] = (self._inside(value, f"{name}.{key}", site, place), place)
            self.spread.append((value, "", Variable(f"{name}.{key}", site)))
        return Rest(positional, named)

    def _inside(self, value: Any, name: str, site: Span, place: Span, default: bool = False) -> Any:
        """The value as the callee sees it."""
        region, step = self.callee.region, self.step
        kind = type(value)
        if kind is Tensor:
            inside = extents.enter(value, region, site, self.callee.environment)
            inside = reflow(inside, region, (name,))
            region.tensors[name] = (inside, value)
            self.mapping.update(_entry_mapping(value, site))
            return inside
        if kind is tuple and any(type(x) is Tensor for x in value):
            inside = extents.bare(reflow(value, region, (name,)))
            region.tensors[name] = (inside, value)
            return inside
        detached = detach(value, self.callee, place, name)
        if detached is not value or is_block(value) or not _traceable(value):
            step.blocks[name] = block_value(detached)
            return detached
        bare = plain(value)
        variable = Variable(name, site)
        expr = provenance(value)
        if default:
            translated = extents.translate(expr, self.mapping, {})
            if translated is not None:
                self.mapping[variable] = translated
        else:
            step.arguments[name] = value
            self.mapping[variable] = expr
        inside = rebound(bare, variable)
        if provenance(inside) is variable:
            self.callee.environment[variable] = bare
        return inside

    def name_spread(self) -> None:
        """Tell the caller's frame what the elements of its own `...args` were bound to."""
        names = self.callee.region.names
        for value, name, variable in self.spread:
            final = name if variable is None else names.get(variable, "")
            if final:
                operators.name_variable(self.caller, value, final)


def _traceable(value: Any) -> bool:
    """Numbers, texts, and lists of these."""
    if isinstance(value, tuple):
        return all(_traceable(x) for x in value)
    return value is None or isinstance(value, int | float | str) or not hasattr(value, "__dataclass_fields__")


# ------------------------------------------------------------------------------------- pipelines that are arguments


def _in_place(context: Context, block: Closure, flow: Flow, site: Span, component: Any) -> Any:
    """A pipeline that is applied in the frame where it was written: a container in place."""
    with context.run.inside(block.name or "block", site):
        region = Region(block.pipeline.span, None, flow)
        region.entry = reflow(flow, region)
        step = Group(site, component, None, region)
        context.region.steps.append(step)
        plan = context.run.plan(block.pipeline)
        scope = Scope(block.context.scope)
        container = Container(f"{context.container.path}{component}.", plan, is_chain(plan, scope))
        region.chain = container.chain
        inner = Context(
            context.run, context.frame, region, context.environment, container, scope, region.entry, True, context.share
        )
        region.result = pipelines.apply(block.pipeline, inner)
        step.result = reflow(region.result, step)
        return step.result


def _inline(
    context: Context, block: Closure, flow: Flow, site: Span, component: Any, share: Share | None, path: str | None
) -> Any:
    """A pipeline that came from another frame, or is shared: a class of its own."""
    block = detach(block, context, site, block.name)
    with context.run.inside(block.name or "block", site):
        pipeline = block.pipeline
        region = Region(pipeline.span, None, flow)
        prefix = (context.container.path + component if path is None else path) + "."
        frame = Frame(region, prefix, reused=context.frame.reused)
        region.entry = extents.enter(flow, region, pipeline.span, region.environment)
        plan = context.run.plan(pipeline)
        scope = Scope(block.context.scope)
        container = Container(prefix, plan, is_chain(plan, scope))
        region.chain = container.chain
        callee = Context(
            context.run, frame, region, region.environment, container, scope, region.entry, False, context.share
        )
        text = " ".join(block.text.split())
        definition = Definition("inline", block.name or "block", (), "", pipeline.span, text)
        step = Invoke(site, component, None, definition, region, {}, {}, block_key(block)[2], share)
        context.region.steps.append(step)
        region.result = pipelines.apply(pipeline, callee)
        mapping = _entry_mapping(flow, pipeline.span)
        step.result = extents.leave_block(region.result, step, mapping, frame.lets, context)
        return step.result


# --------------------------------------------------------------------------------------------------- shared blocks


def _shared(context: Context, instance: Instance, flow: Any, site: Span) -> Any:
    """One use of a shared block: the same weights each time."""
    if instance.context.frame is not context.frame:
        raise context.report.error(
            "N325",
            f"the shared block `{instance.name}` belongs to another block",
            site,
            others=(Label(instance.step.site, "shared here"),),
            help="apply it where it is defined, and pass on what it gives",
        )
    sharing = Sharing(first=instance.owners)
    inner = Context(
        context.run,
        context.frame,
        context.region,
        context.environment,
        context.container,
        context.scope,
        context.entry,
        context.in_place,
        sharing,
    )
    path = instance.context.container.path + instance.component
    before = len(context.region.steps)
    result = apply(inner, instance.block, flow, site, instance.component, site, share=instance.step, path=path)
    instance.step.uses += [s for s in context.region.steps[before:] if getattr(s, "share", None) is instance.step]
    if instance.owners is None:
        instance.owners, instance.first = sharing.made, site
    elif sharing.made != instance.owners:
        raise _other_weights(context, instance, sharing, site)
    if context.share is not None:
        context.share.made.update(sharing.made)
    return result


def _other_weights(context: Context, instance: Instance, sharing: Sharing, site: Span) -> Poisoned:
    first = instance.owners or {}
    different = [p for p in (*first, *sharing.made) if first.get(p) != sharing.made.get(p)]
    what = f"`{different[0]}`" if different else "weights"
    return context.report.error(
        "N324",
        f"`{instance.name}` is one set of weights, and this input needs others: {what} would have another shape",
        site,
        "used with an input of another shape",
        others=(Label(instance.first, "the weights were made for this use"),) if instance.first else (),
        help="bring both inputs to one shape, or use two blocks",
    )


# ---------------------------------------------------------------------------------------------------- parts of nets


def _cut(
    context: Context, block: Cut, flow: Any, site: Span, component: Any, share: Share | None, path: str | None
) -> Any:
    """`upto(net, ..)` and `from(net, ..)` applied to a value."""
    net = resolve_net(context, block.net, block.span)
    cut = CutPoint(block.kind, block.labels, block.single)
    return _invoke(context, net, flow, site, component, share, path, cut)


def resolve_net(context: Context, block: Defined, span: Span) -> Defined:
    """The net with a body of its own behind variants of it."""
    with context.run.inside(block.name, span):
        if block.declared.alias is None:
            if block.declared.node.kind != "net":
                raise context.report.error(
                    "N312", f"`{block.name}` is a block, and only nets have labels to cut at", span
                )
            return block
        value = expand(context, block, None, span)
        if not isinstance(value, Defined):
            raise context.report.error("N312", f"`{block.name}` is no net with a body", span)
        return resolve_net(context, value, span)
