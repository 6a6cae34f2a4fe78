"""Blocks applied to a value: aliases, calls that become classes, blocks in place, shared blocks, parts of nets."""

from __future__ import annotations

from typing import Any

from netdsl.expression import Atom, Expr, Variable, provenance
from netdsl.scope import Invoke, Region, Share, Tensor
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import bodies, calls, closures, extents, operators, pipelines, reuse
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, CutPoint, Frame, is_chain
from netdsl.syntax.elaborate.detach import detach
from netdsl.syntax.elaborate.paths import Container
from netdsl.syntax.elaborate.scopes import Declared, Scope
from netdsl.syntax.elaborate.values import (
    Closure,
    Cut,
    Defined,
    Function,
    Instance,
    Operator,
    Rest,
    block_value,
    describe,
    holds_tensor,
    is_block,
    is_scalar,
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
            return closures.in_place(context, block, flow, site, component)
        return closures.inline(context, block, flow, site, component, share, path)
    if kind is Instance:
        return closures.shared(context, block, flow, site)
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
        mapping = extents.entry_mapping(flow, declared.site)
        given = _Given(context, callee, step, mapping)
        for parameter in calls.distinct(node.parameters):
            given.bind(parameter, bound[parameter.name.name])
        container.chain = region.chain = is_chain(declared.plan, scope)
        context.region.steps.append(step)
        if node.kind == "net":
            region.result = reuse.run(declared, callee, site)
        elif isinstance(node.body, tree.Body):
            region.result = bodies.run(node.body, callee)
        else:
            region.result = pipelines.apply(node.body, callee)
        if block.arguments is not None and block.arguments.spread:
            given.name_spread()
        step.result = extents.leave_block(region.result, step, mapping, frame.lets, context)
        return step.result


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
            self.mapping.update(extents.entry_mapping(value, site))
            return inside
        if kind is tuple and holds_tensor(value):
            operators.refuse_mixed(value, place, self.caller, "cannot be given to a block")
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
    return is_scalar(value)


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
