"""Paths: what the stages of a container are called in the state_dict.

A container is a definition's body, or a labelled stage with braces of its own. Where its body is one chain its
unlabelled stages are numbered as nn.Sequential numbers them; in all other bodies they are named after what they call.
What can be known from the text alone is in its `Plan`, made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from netdsl.diagnostics import Label
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.beginnings import begins_with_value
from netdsl.syntax.elaborate.report import Report

# What nn.Module has as attributes already: a submodule of such a name would break it. From dir(nn.Module()),
# without names that begin with two underscores. `loss` is the method that netdsl adds.
# fmt: off
RESERVED = frozenset((
    "T_destination", "_apply", "_backward_hooks", "_backward_pre_hooks", "_buffers", "_call_impl",
    "_compiled_call_impl", "_forward_hooks", "_forward_hooks_always_called", "_forward_hooks_with_kwargs",
    "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_get_backward_hooks", "_get_backward_pre_hooks",
    "_get_name", "_is_full_backward_hook", "_load_from_state_dict", "_load_state_dict_post_hooks",
    "_load_state_dict_pre_hooks", "_maybe_warn_non_full_backward_hook", "_modules", "_named_members",
    "_non_persistent_buffers_set", "_parameters", "_register_load_state_dict_pre_hook",
    "_register_state_dict_hook", "_replicate_for_data_parallel", "_save_to_state_dict", "_slow_forward",
    "_state_dict_hooks", "_state_dict_pre_hooks", "_version", "_wrapped_call_impl", "add_module", "apply",
    "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "double", "dump_patches",
    "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule",
    "half", "ipu", "load_state_dict", "loss", "modules", "mtia", "named_buffers", "named_children",
    "named_modules", "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_", "set_extra_state",
    "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training", "type", "xpu",
    "zero_grad",
))
# fmt: on


@dataclass(slots=True)
class Site:
    """All unlabelled stages of a container that call the same name."""

    count: int = 0
    looped: bool = False


@dataclass(slots=True)
class Plan:
    """`chain`: the body is one chain, unless one of `names` turns out to be a value. `labelled`: some stage has a
    label. `sites` counts the unlabelled stages by what they call."""

    chain: bool
    labelled: bool = False
    names: tuple[str, ...] = ()
    sites: dict[str, Site] = field(default_factory=dict)
    skipped: dict[int, Counter[str]] = field(default_factory=dict)


def plan_of(body: tree.Body | tree.Pipeline | tree.Unit, *, net: bool = False) -> Plan:
    """The plan of a container with this body."""
    names: set[str] = set()
    labels: list[tree.Label] = []
    chain = not net and _chain(body, names, labels)
    plan = Plan(chain, bool(labels), tuple(sorted(names)))
    for base, looped in _sites(body, False, _bound(body)):
        site = plan.sites.setdefault(base, Site())
        site.count += 1
        site.looped |= looped
    return plan


@dataclass(slots=True)
class Claim:
    span: Span
    labelled: bool
    stateful: bool


class Container:
    """One instance of a container: hands out names."""

    __slots__ = ("chain", "claims", "counters", "path", "plan", "position", "taken")

    def __init__(self, path: str, plan: Plan, chain: bool) -> None:
        self.path, self.plan, self.chain = path, plan, chain
        self.position = 0
        self.counters: Counter[str] = Counter()
        self.claims: dict[str, Claim] = {}
        self.taken: set[str] = set()

    def next_name(self, base: str) -> str:
        """The name of the next unlabelled stage, which calls `base`. No name is handed out twice."""
        if self.chain:
            self.position += 1
            return str(self.position - 1)
        while True:
            self.counters[base] += 1
            name = self._numbered(base, self.counters[base])
            if name not in self.taken:  # `block1` a second time may be the first of `block12`
                self.taken.add(name)
                return name

    def _numbered(self, base: str, number: int) -> str:
        site = self.plan.sites.get(base)
        if base in RESERVED:  # `double` would hide nn.Module's own
            return f"{base}{number}"
        if number == 1:
            return base if site is None or (site.count == 1 and not site.looped) else f"{base}1"
        return f"{base}{number}"

    def claim(self, component: str, span: Span, labelled: bool, stateful: bool, report: Report) -> None:
        """A stage of this name is there. Two with one name are an error, unless one is unlabelled and has no state."""
        other = self.claims.get(component)
        if other is None:
            self.claims[str(component)] = Claim(span, labelled, stateful)
            return
        if (other.stateful and stateful) or (other.labelled and labelled):
            path = self.path + component
            if other.span == span:
                report.error(
                    "N320",
                    f"the label `{component}` names a stage in each turn of a loop: two modules would be `{path}`",
                    span,
                    "the same in each turn",
                    help='compute the label: `for i in range(n) { "name{i}": .. }`',
                )
            else:
                report.error(
                    "N320",
                    f"two modules would be `{path}`",
                    span,
                    "the second",
                    others=(Label(other.span, "the first"),),
                    help="give one of them another label",
                )
        other.stateful |= stateful
        other.labelled |= labelled

    def pass_label(self) -> None:
        """A labelled stage takes a place in a chain, as in nn.Sequential."""
        self.position += 1

    def skip(self, arm: tree.Body | tree.If | None) -> None:
        """An arm that was not taken: its stages keep their numbers, so that those of later ones do not depend on it."""
        if self.chain or arm is None:
            return
        skipped = self.plan.skipped.get(id(arm))
        if skipped is None:
            skipped = Counter(base for base, looped in _sites(arm, False, _bound(arm)) if not looped)
            self.plan.skipped[id(arm)] = skipped
        self.counters.update(skipped)


# ------------------------------------------------------------------------------------------------------- chains


def _chain(body: Any, names: set[str], labels: list[tree.Label]) -> bool:
    """Whether `body` is one chain; collects the names it reads and the labels it has."""
    match body:
        case tree.Body(statements=statements):
            pipelines = [s for s in statements if not isinstance(s, tree.Let | tree.Expect)]
            return (
                len(pipelines) == 1 and isinstance(pipelines[0], tree.Pipeline) and _chain(pipelines[0], names, labels)
            )
        case tree.Pipeline(stages=stages):
            return all(_chain_stage(stage, i == 0, names, labels) for i, stage in enumerate(stages))
        case tree.If(then=then, otherwise=otherwise):
            arms = [then] if otherwise is None else [then, otherwise]
            return all(_chain(arm, names, labels) for arm in arms)
        case tree.Repeat(body=inner) | tree.For(body=inner):
            return _chain(inner, names, labels)
    return False


def _chain_stage(stage: tree.Stage, first: bool, names: set[str], labels: list[tree.Label]) -> bool:
    if stage.label is not None:
        labels.append(stage.label)
    match stage.unit:
        case tree.Name(name=name):
            names.add(name)
            return not (first and name == "identity")
        case tree.Attribute() | tree.Call() | tree.Index():
            return _uses_flow_only(stage.unit, names)
        case tree.Body() | tree.Repeat() | tree.For() | tree.If():
            return stage.label is not None or _chain(stage.unit, names, labels)
    return False


def _uses_flow_only(expr: tree.Expr, names: set[str]) -> bool:
    """Whether an expression reads no tensor, as far as the text tells; collects the names that may be one."""
    match expr:
        case tree.Name(name=name):
            names.add(name)
        case tree.Attribute(value=tree.In() | tree.Name()):
            pass
        case tree.In() | tree.Applied():
            return False
        case tree.Call(callee=callee, arguments=arguments):
            values = [callee, *(a.value for a in arguments)]
            return all(_uses_flow_only(v, names) for v in values if not isinstance(v, tree.Pipeline))
        case _:
            return all(_uses_flow_only(x, names) for x in inner(expr))
    return True


def inner(expr: tree.Expr) -> Iterator[tree.Expr]:
    """The expressions that stand directly in `expr`, pipelines left out."""
    match expr:
        case tree.Text(parts=parts):
            yield from (p for p in parts if not isinstance(p, str))
        case tree.List(items=items):
            yield from (x for x in items if not isinstance(x, tree.Pipeline))
        case tree.Comprehension(value=value, iterable=iterable):
            if not isinstance(value, tree.Pipeline):
                yield value
            yield iterable
        case tree.Call(callee=callee, arguments=arguments):
            yield callee
            yield from (a.value for a in arguments if not isinstance(a.value, tree.Pipeline))
        case tree.Index(value=value, indices=indices):
            yield value
            for index in indices:
                if isinstance(index, tree.Slice):
                    yield from (x for x in (index.start, index.stop) if x is not None)
                else:
                    yield index
        case tree.Attribute(value=value):
            yield value
        case tree.Unary(operand=operand):
            yield operand
        case tree.Binary(left=left, right=right):
            yield left
            yield right
        case tree.Choose(condition=condition, then=then, otherwise=otherwise):
            yield condition
            yield then
            yield otherwise


# -------------------------------------------------------------------------------------------------------- sites


def callee_name(unit: Any) -> str | None:
    """What a stage is named after: the last part of what it calls, as written; `upto(net, ..)` after the net."""
    match unit:
        case tree.Name(name=name):
            return name
        case tree.Attribute(name=name):
            return name.name
        case tree.Index(value=value):
            return callee_name(value)
        case tree.Call(callee=tree.Name(name="upto" | "from"), arguments=arguments) if arguments:
            return callee_name(arguments[0].value)
        case tree.Call(callee=callee):
            return callee_name(callee)
    return None


def _bound(body: Any) -> frozenset[str]:
    """The names that a body gives to values, as far as its own text tells."""
    statements = body.statements if isinstance(body, tree.Body) else ()
    binding = (s for s in statements if isinstance(s, tree.Assign | tree.Input | tree.Target))
    return frozenset(name.name for statement in binding for name in statement.names)


def _sites(node: Any, looped: bool, values: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """The unlabelled stages of a container: what each calls, and whether it stands in a loop."""
    match node:
        case tree.Body(statements=statements):
            for statement in statements:
                yield from _sites(statement, looped, values)
        case tree.Pipeline(stages=stages):
            for stage in stages:
                yield from _stage_sites(stage, looped, values)
        case tree.Assign(pipeline=pipeline) | tree.Output(pipeline=pipeline):
            yield from _sites(pipeline, looped, values)
        case tree.Merge(body=body):
            yield from _expression_sites(node.head, looped, values)
            yield from _sites(body, looped, values)
        case tree.Repeat(body=body) | tree.For(body=body) | tree.Each(body=body):
            yield from _sites(body, True, values)
        case tree.If(then=then, otherwise=otherwise):
            yield from _sites(then, looped, values)
            yield from _sites(otherwise, looped, values)


def _stage_sites(stage: tree.Stage, looped: bool, values: frozenset[str]) -> Iterator[tuple[str, bool]]:
    match stage.unit:
        case tree.Body() | tree.Merge() | tree.Repeat() | tree.For() | tree.If():
            if stage.label is None:
                yield from _sites(stage.unit, looped, values)
        case _:
            base = callee_name(stage.unit)
            if stage.label is None and base is not None:
                yield base, looped
            yield from _expression_sites(stage.unit, looped, values)


def _expression_sites(expr: Any, looped: bool, values: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Pipelines inside expressions belong to the container too, where they begin with a value and so are no blocks;
    and so do learned tensors."""
    if isinstance(expr, tree.Applied):
        yield from _sites(expr.pipeline, looped, values)
        return
    for pipeline in _pipelines(expr):
        if begins_with_value(pipeline.stages[0].unit, lambda name: name.name in values, lambda name: False):
            yield from _sites(pipeline, looped or isinstance(expr, tree.Comprehension), values)
    for part in inner(expr):
        if isinstance(part, tree.Call) and isinstance(part.callee, tree.Name) and part.callee.name == "parameter":
            yield "parameter", looped
        yield from _expression_sites(part, looped, values)


def _pipelines(expr: Any) -> Iterator[tree.Pipeline]:
    """The pipelines that stand directly in `expr`, which `inner` leaves out."""
    match expr:
        case tree.List(items=found):
            pass
        case tree.Comprehension(value=value):
            found = (value,)
        case tree.Call(arguments=arguments):
            found = tuple(a.value for a in arguments)
        case _:
            return
    yield from (x for x in found if isinstance(x, tree.Pipeline))
