"""Writes `__init__`: the modules of one class, under their paths, with the text's own loops and ifs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from netdsl.emit import python
from netdsl.emit.classes import Class, Split, Unroll
from netdsl.emit.containers import (
    has_labels,
    has_labels_in,
    has_path,
    is_attribute,
    is_sequence,
    label_stem,
    module_calls,
    needs_module,
    shapes,
)
from netdsl.emit.control import Control
from netdsl.emit.extents import extent
from netdsl.emit.frame import Frame
from netdsl.emit.settle import Unsettled
from netdsl.emit.template import (
    Environment,
    TApply,
    TChoice,
    TGroup,
    TInvoke,
    TJoin,
    TLet,
    TLoop,
    TRegion,
    TShare,
    TStep,
)
from netdsl.expression import Entry, Exit, Expr, Literal, Variable
from netdsl.ops.op import Template
from netdsl.scope import Invoke


@dataclass(slots=True)
class Target:
    """Where modules go: `holder` is `self`, `self.features` or a local nn.Sequential; a sequence appends."""

    holder: str
    sequence: bool = False
    labelled: bool = False
    names: set[str] = field(default_factory=set)  # what stateless modules among labelled ones are called


class Constructor:
    def __init__(self, frame: Frame) -> None:
        self.frame, self.plan = frame, frame.plan
        self.lines: list[str] = []
        self.indent = 2
        self.loops: list[Any] = []
        self.shared: set[int] = set()
        self.children: set[str] = set()
        self.renamed: dict[int, str] = {}  # stateless modules that are not called by their number
        self.control = Control(self)

    # Lines -------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines += python.wrapped(text, self.indent)

    def assign(self, left: str, call: str) -> None:
        self.line(f"{left} = {call}")

    # Regions and steps -------------------------------------------------------------------------------------

    def region(self, region: TRegion, target: Target) -> None:
        for step in region.steps:
            self.step(step, target)

    def step(self, step: TStep, target: Target) -> None:
        try:
            self._step(step, target)
        except Unsettled:
            raise self.hopeless() from None

    def _step(self, step: TStep, target: Target) -> None:
        match step:
            case TApply():
                self._apply(step, target)
            case TInvoke():
                self._invoke(step, target)
            case TLet():
                self.control.let(step)
            case TLoop():
                self._contained(step, target, self.control.loop)
            case TChoice():
                self._contained(step, target, self.control.choice)
            case TGroup():
                self._contained(step, target, lambda s, t: self.region(s.region, t))
            case TJoin():
                self._contained(step, target, self._join)
            case TShare():
                self._share(step, target)

    def _join(self, step: TJoin, target: Target) -> None:
        self.region(step.region, target)
        self._apply(step.apply, target)

    def _apply(self, step: TApply, target: Target, *, shared: bool = False) -> None:
        if step.first.share is not None and not shared:
            return
        if not (target.sequence or needs_module(step)):
            return
        calls = module_calls(step)
        if calls is None:
            raise self.hopeless()
        text = self.frame.call(calls, step.environments)
        setups = [s.op.setup(*shapes(s)) for s in step.occurrences]
        self._place(step, text, target, step.first.op.name, self._setups(setups, step.environments))

    def _setups(self, setups: Sequence[tuple[Template, ...]], environments: Sequence[Environment]) -> list[str]:
        if len({tuple(t.text for t in s) for s in setups}) > 1:
            raise self.hopeless()
        lines = []
        for i, template in enumerate(setups[0]):
            values = {
                name: self.frame.text([s[i].values[name] for s in setups], environments, name)
                for name in template.values
                if not hasattr(template.values[name], "source")
            }
            helpers = {n: self.frame.target(h) for n, h in template.values.items() if hasattr(h, "source")}
            lines.append(template.text.format(module="{module}", **values, **helpers))
        return lines

    def _invoke(self, step: TInvoke, target: Target, *, shared: bool = False) -> None:
        if step.first.share is not None and not shared:
            return
        callee = self._callee(step)
        text = f"{callee.name}({', '.join(self.passed(step, callee))})"
        exits = Exit(step.first.site, 0)
        needed = exits in self.plan.wanted
        hint = step.first.definition.name
        name = self._place(step, text, target, hint, [], keep=needed)
        if needed:
            callee.exports = True
            self.frame.texts[exits] = f"{name}.out_channels"
            self.frame.stale.pop(exits, None)

    def _callee(self, step: TInvoke) -> Class:
        key = self.plan.laying.class_of(step.first)
        self.plan.calls[key] = None
        return self.frame.classes[key]

    def passed(self, step: TInvoke, callee: Class) -> list[str]:
        """What a call passes for each of the callee's constructor parameters."""
        items = []
        for parameter in callee.parameters:
            values = [given(parameter.source, invoke, callee) for invoke in step.occurrences]
            if any(v is MISSING for v in values):
                values = [parameter.default if v is MISSING else v for v in values]
            expr = self.frame.settle(values, step.environments, parameter.name)
            if parameter.optional and expr == Literal(parameter.default):
                continue
            text = self.frame.show(expr)
            items.append(f"{parameter.name}={text}" if parameter.optional else text)
        return items

    def _share(self, step: TShare, target: Target) -> None:
        uses = [share.uses[0] for share in step.occurrences if share.uses]
        if not uses or id(step) in self.shared:
            return
        self.shared.add(id(step))
        use = self.plan.laying.part[id(uses[0])]
        if isinstance(use, TInvoke):
            self._invoke(use, target, shared=True)
        elif isinstance(use, TApply):
            self._apply(use, target, shared=True)

    # Placing modules ---------------------------------------------------------------------------------------

    def _place(
        self, step: TStep, text: str, target: Target, hint: str, setups: list[str], *, keep: bool = False
    ) -> str:
        """Register a module under its name; the text by which it can be spoken of, if `keep` or `setups` ask."""
        if target.sequence and not target.labelled:
            reference = text
            if setups or keep:
                reference = self.frame.local(hint)
                self.assign(reference, text)
            for setup in setups:
                self.line(setup.replace("{module}", reference))
            self.line(f"{target.holder}.append({reference})")
            return reference
        name = self._name_of(step)
        if type(name) is Literal and str(name.value).isdigit() and self._pathless(step):
            name = self._renamed(step, target, hint)
        plain = type(name) is Literal and is_attribute(name.value) and not target.sequence
        if plain:
            assert isinstance(name, Literal)
            self.children.add(name.value)
            reference = f"{target.holder}.{name.value}"
            self.assign(reference, text)
        elif setups or keep:
            reference = self.frame.local(hint)
            self.assign(reference, text)
            self._register(name, reference, target)
        else:
            self._register(name, text, target)
            reference = ""
        for setup in setups:
            self.line(setup.replace("{module}", reference))
        return reference

    def _pathless(self, step: TStep) -> bool:
        return isinstance(step, TApply) and not has_path(step.first.op, shapes(step.first))

    def _renamed(self, step: TStep, target: Target, hint: str) -> Literal:
        """A module without a path to keep has a name where it would have a number."""
        if target.sequence:  # a stateless stage among labelled ones
            name = python.identifier(hint, target.names)
            target.names.add(name)
        else:
            self.renamed[id(step)] = name = self._unique(hint)
        return Literal(name)

    def _unique(self, wanted: str) -> str:
        name, n = wanted, 1
        while name in self.children:
            n += 1
            name = f"{wanted}{n}"
        return name

    def _register(self, name: Expr, text: str, target: Target) -> None:
        self.line(f"{target.holder}.add_module({self.frame.show(name)}, {text})")

    def _name_of(self, step: TStep) -> Expr:
        return self.frame.settle_name(step.names, step.environments)

    def _contained(self, step: Any, target: Target, write: Any) -> None:
        """A step that may be a container of its own."""
        if not step.first.name:
            write(step, target)
            return
        name = self._name_of(step)
        simple = type(name) is Literal and is_attribute(name.value) and not target.sequence
        if not is_sequence(step):
            if type(name) is not Literal:
                raise self.hopeless()
            holder = f"{target.holder}.{name.value}" if simple else self.frame.local(name.value)
            self.assign(holder, "nn.Module()")
            write(step, Target(holder))
            if not simple:
                self._register(name, holder, target)
            return
        container = self.frame.sites.container(step)
        modules = self._straight(step)
        if modules is not None:
            if simple:
                self._exploded(f"{target.holder}.{name.value} = {container}(", modules, ")")  # type: ignore[union-attr]
            else:
                self._register(name, f"{container}({', '.join(modules)})", target)
            return
        hint = name.value if type(name) is Literal else label_stem(name)
        local = self.frame.local(hint)
        self.assign(local, f"{container}()")
        write(step, Target(local, sequence=True, labelled=has_labels(step)))
        if simple:
            self.assign(f"{target.holder}.{name.value}", local)  # type: ignore[union-attr]
        else:
            self._register(name, local, target)

    def _exploded(self, head: str, items: list[str], tail: str) -> None:
        joined = f"{head}{', '.join(items)}{tail}"
        explode = len(items) > 2 or 4 * self.indent + len(joined) > python.WIDTH
        self.lines += python.bracketed(head, items, tail, self.indent, explode=explode)

    def _straight(self, step: Any) -> list[str] | None:
        """The modules of a container that is a plain list of them, or None."""
        if not isinstance(step, TGroup):
            return None
        return self.straight(step.region)

    def straight(self, region: TRegion) -> list[str] | None:
        """The constructor calls of a region that is nothing but modules one after the other, or None."""
        if has_labels_in(region) or not all(isinstance(s, TApply | TInvoke) for s in region.steps):
            return None
        texts = []
        for step in region.steps:
            if isinstance(step, TInvoke):
                if Exit(step.first.site, 0) in self.plan.wanted:
                    return None
                callee = self._callee(step)
                texts.append(f"{callee.name}({', '.join(self.passed(step, callee))})")
            else:
                calls = module_calls(step)  # type: ignore[arg-type]
                if calls is None or any(s.op.setup(*shapes(s)) for s in step.occurrences):
                    return None
                try:
                    texts.append(self.frame.call(calls, step.environments))
                except Unsettled:
                    raise self.hopeless() from None
        return texts

    def hopeless(self) -> Exception:
        """What to try where no code is right for all iterations or instances."""
        return Unroll(self.loops[-1]) if self.loops else Split(self.plan.key)


MISSING = object()


def given(source: Any, invoke: Invoke, callee: Class) -> Any:
    """What one call gives for a constructor parameter of its callee, traced in the caller; MISSING for a default."""
    if isinstance(source, str):
        return callee.extras[source].get(callee.instance(invoke), next(iter(callee.extras[source].values())))
    if isinstance(source, Entry):
        if source.site == callee.definition.site:
            return extent(invoke.region.source, source.axis)
        for name, (_, outside) in invoke.region.tensors.items():
            if any(p.site == source.site and p.name == name for p in callee.declared):
                return extent(outside, source.axis)
        return MISSING
    if isinstance(source, Variable):
        if source.name in invoke.arguments:
            return invoke.arguments[source.name]
        if source in invoke.region.environment and "." not in source.name:
            return invoke.region.environment[source]
    return MISSING
