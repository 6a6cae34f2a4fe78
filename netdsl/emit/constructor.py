"""Writes `__init__`: the modules of one class, under their paths, with the text's own loops and ifs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netdsl.emit import python
from netdsl.emit.classes import Class, Split, Unroll
from netdsl.emit.frame import Frame
from netdsl.emit.settle import FRAME, Unsettled
from netdsl.emit.template import (
    Environment, TApply, TChoice, TGroup, TInvoke, TJoin, TLet, TLoop, TRegion, TShare, TStep,
)  # fmt: skip
from netdsl.expression import After, Entry, Exit, Expr, Literal, Operation, Variable, provenance
from netdsl.ops.op import Call, Template
from netdsl.scope import Flow, Invoke, Tensor

SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(slots=True)
class Target:
    """Where modules go: `holder` is `self`, `self.features` or a local nn.Sequential; a sequence appends."""

    holder: str
    sequence: bool = False
    labelled: bool = False


class Constructor:
    def __init__(self, frame: Frame) -> None:
        self.frame, self.plan = frame, frame.plan
        self.lines: list[str] = []
        self.indent = 2
        self.loops: list[Any] = []
        self.shared: set[int] = set()
        self.children: set[str] = set()

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
        match step:
            case TApply():
                self._apply(step, target)
            case TInvoke():
                self._invoke(step, target)
            case TLet():
                self._let(step)
            case TLoop():
                self._contained(step, target, self._loop)
            case TChoice():
                self._contained(step, target, self._choice)
            case TGroup():
                self._contained(step, target, lambda s, t: self.region(s.region, t))
            case TJoin():
                self._contained(step, target, lambda s, t: (self.region(s.region, t), self._apply(s.apply, t)))
            case TShare():
                self._share(step, target)

    def _apply(self, step: TApply, target: Target, *, shared: bool = False) -> None:
        if step.first.share is not None and not shared:
            return
        if not (step.first.op.stateful or target.sequence):
            return
        calls = module_calls(step)
        if calls is None:
            raise Split(self.plan.key)
        text = self.frame.call(calls, step.environments)
        setups = [s.op.setup(*shapes(s)) for s in step.occurrences]
        self._place(step, text, target, step.first.op.name, self._setups(setups, step.environments))

    def _setups(self, setups: Sequence[tuple[Template, ...]], environments: Sequence[Environment]) -> list[str]:
        if len({tuple(t.text for t in s) for s in setups}) > 1:
            raise Split(self.plan.key)
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
        callee = self.frame.classes[self.plan.laying.class_of(step.first)]
        text = f"{callee.name}({', '.join(self.passed(step, callee))})"
        exits = Exit(step.first.site, 0)
        needed = exits in self.plan.used
        hint = step.first.definition.name
        name = self._place(step, text, target, hint, [], keep=needed)
        if needed:
            callee.exports = True
            self.frame.texts[exits] = f"{name}.out_channels"
            self.frame.stale.pop(exits, None)

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
        name = self._name_of(step)
        if target.sequence and not target.labelled and not setups and not keep:
            self.line(f"{target.holder}.append({text})")
            return ""
        plain = type(name) is Literal and SAFE_NAME.match(name.value) and not target.sequence
        if plain:
            assert isinstance(name, Literal)
            self.children.add(name.value)
            reference = f"{target.holder}.{name.value}"
            self.assign(reference, text)
        elif setups or keep:
            reference = self.frame.local(hint)
            self.assign(reference, text)
            self._register(name, reference, target, hint)
        else:
            self._register(name, text, target, hint)
            reference = ""
        for setup in setups:
            self.line(setup.replace("{module}", reference))
        return reference

    def _register(self, name: Expr, text: str, target: Target, hint: str) -> None:
        if target.sequence and not target.labelled:
            self.line(f"{target.holder}.append({text})")
            return
        if target.sequence and type(name) is Literal and str(name.value).isdigit():
            name = Literal(f"{hint}{name.value}")  # a stateless stage among labelled ones
        shown = self.frame.show(name)
        self.line(f"{target.holder}.add_module({shown}, {text})")

    def _name_of(self, step: TStep) -> Expr:
        try:
            return self.frame.settle_name(step.names, step.environments)
        except Unsettled:
            if self.loops:
                raise Unroll(self.loops[-1]) from None
            raise Split(self.plan.key) from None

    def _contained(self, step: Any, target: Target, write: Any) -> None:
        """A step that may be a container of its own."""
        if not step.first.name:
            write(step, target)
            return
        name = self._name_of(step)
        simple = type(name) is Literal and SAFE_NAME.match(name.value) and not target.sequence
        if not is_sequence(step):
            if not simple:
                raise Split(self.plan.key)
            holder = f"{target.holder}.{name.value}"  # type: ignore[union-attr]
            self.assign(holder, "nn.Module()")
            write(step, Target(holder))
            return
        modules = self._straight(step)
        if modules is not None:
            if simple:
                self._exploded(f"{target.holder}.{name.value} = nn.Sequential(", modules, ")")  # type: ignore[union-attr]
            else:
                self._register(name, f"nn.Sequential({', '.join(modules)})", target, "layers")
            return
        hint = name.value if type(name) is Literal else label_stem(name)
        local = self.frame.local(hint)
        self.assign(local, "nn.Sequential()")
        write(step, Target(local, sequence=True, labelled=has_labels(step)))
        if simple:
            self.assign(f"{target.holder}.{name.value}", local)  # type: ignore[union-attr]
        else:
            self._register(name, local, target, hint)

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
                if Exit(step.first.site, 0) in self.plan.used:
                    return None
                callee = self.frame.classes[self.plan.laying.class_of(step.first)]
                texts.append(f"{callee.name}({', '.join(self.passed(step, callee))})")
            else:
                calls = module_calls(step)  # type: ignore[arg-type]
                if calls is None or any(s.op.setup(*shapes(s)) for s in step.occurrences):
                    return None
                texts.append(self.frame.call(calls, step.environments))
        return texts

    # Control -----------------------------------------------------------------------------------------------

    def _let(self, step: TLet) -> None:
        variable = Variable(step.first.variable, step.first.site)
        try:
            expr = self.frame.settle([s.value for s in step.occurrences], step.environments, step.first.variable)
        except Unsettled:
            return
        if type(expr) is Literal and self.plan.is_network:
            self.frame.replacements[variable] = expr
            return
        if variable in self.plan.used:
            if variable not in self.frame.texts:
                self.frame.texts[variable] = self.frame.local(step.first.variable)
            self.line(f"{self.frame.texts[variable]} = {self.frame.show(expr)}")
        else:
            self.frame.texts.setdefault(variable, step.first.variable)

    def _loop(self, step: TLoop, target: Target) -> None:
        if step.unrolled is not None:
            self._unrolled(step, target)
            return
        if step.body is None:
            self._settle_after(step)
            return
        site = step.first.site
        names = [self._loop_variable(name, span) for name, span in step.first.variables]
        axes = [a.axis for a in self.plan.used if isinstance(a, Entry | After) and a.site == site]
        carried = self._carry(step, sorted(set(axes)))
        header = self._header(step, names)
        mark = len(self.lines)
        self.line(header)
        self.indent += 1
        self.loops.append(site)
        body = len(self.lines)
        self.region(step.body, target)
        for axis, variable in carried.items():
            self._update(step.body, axis, variable, Entry(site, axis))
        self.loops.pop()
        self.indent -= 1
        if len(self.lines) == body:
            del self.lines[mark:]
        for axis, variable in carried.items():
            self.frame.texts[After(site, axis)] = variable
            self.frame.stale[Entry(site, axis)] = site
        self._settle_after(step)

    def _loop_variable(self, name: str, span: Any) -> str:
        atom = Variable(name, span)
        if atom not in self.frame.texts:
            self.frame.texts[atom] = self.frame.local(name)
        return self.frame.texts[atom] if atom in self.plan.used else "_"

    def _header(self, step: TLoop, names: list[str]) -> str:
        try:
            over = self.frame.settle([s.over for s in step.occurrences], step.environments, "rows")
        except Unsettled:
            raise Unroll(step.first.site) from None
        if step.first.kind == "repeat":
            return f"for _ in range({self.frame.show(over)}):"
        if len(set(names)) == 1 and names[0] == "_" and isinstance(over, Operation) and over.operator == "enumerate":
            over = over.operands[0]
            names = ["_"]
        return f"for {', '.join(names) or '_'} in {self.frame.show(over)}:"

    def _carry(self, step: TLoop, axes: list[int]) -> dict[int, str]:
        """Settle what enters each iteration: an expression that never changes, or a variable that is carried."""
        carried: dict[int, str] = {}
        assert step.body is not None
        site = step.first.site
        for axis in axes:
            entry = Entry(site, axis)
            starts = [extent(s.source, axis) for s in step.occurrences]
            initial = self.frame.settle(starts, step.environments, "channels")
            constant = self._constant(initial, entry, step.body)
            if constant:
                self.frame.replacements[entry] = initial
                continue
            carried[axis] = self._variable(step, initial, axis)
            self.frame.texts[entry] = carried[axis]
            self.frame.stale.pop(entry, None)
        return carried

    def _constant(self, initial: Expr, entry: Entry, body: TRegion) -> bool:
        from netdsl.emit.settle import plain
        from netdsl.expression import evaluate

        for environment in body.environments:
            if entry not in environment:
                return False
            try:
                if plain(evaluate(initial, environment)) != plain(environment[entry]):
                    return False
            except (KeyError, ArithmeticError, TypeError):
                return False
        return True

    def _variable(self, step: TStep, initial: Expr, axis: int) -> str:
        """The name of a variable that starts as `initial`; the assignment is left out where it is that already."""
        site = step.first.site
        wanted = self.frame.plan.first_axis_name(axis)
        shown = self.frame.show(initial)
        holders = [a for a, t in self.frame.texts.items() if t == shown and not isinstance(a, Variable | Exit)]
        if shown.isidentifier() and holders and site not in self.plan.separate:
            for atom in holders:
                self.frame.stale[atom] = site
            return shown
        name = wanted
        taken = {self.frame.texts[a] for a in self.plan.used if a in self.frame.texts and a not in self.frame.stale}
        if name in taken or (name in self.frame.locals and name not in self.frame.carried):
            name = self.frame.local(wanted)
        self.frame.locals.add(name)
        self.frame.carried.add(name)
        for atom, text in self.frame.texts.items():
            if text == name and not isinstance(atom, Variable | Exit):
                self.frame.stale[atom] = site
        self.line(f"{name} = {shown}")
        return name

    def _update(self, body: TRegion, axis: int, variable: str, entry: Any) -> None:
        values = [extent(r.result, axis) for r in body.occurrences]
        try:
            expr = self.frame.settle(values, body.environments, variable)
        except Unsettled:
            raise Unroll(self.loops[-1]) if self.loops else Split(self.plan.key) from None
        text = self.frame.show(expr)
        if text == variable:
            return
        if isinstance(expr, Operation) and expr.operator in "+-*//" and self._is(expr.operands[0], variable):
            self.line(f"{variable} {expr.operator}= {self.frame.show(expr.operands[1])}")
        else:
            self.line(f"{variable} = {text}")

    def _is(self, expr: Expr, variable: str) -> bool:
        return type(expr) is not Literal and type(expr) is not Operation and self.frame.texts.get(expr) == variable  # type: ignore[arg-type]

    def _unrolled(self, step: TLoop, target: Target) -> None:
        assert step.unrolled is not None
        site = step.first.site
        for region in step.unrolled:
            for name, span in step.first.variables:
                self._pin(Variable(name, span), region)
            for atom in region.first.environment:
                if isinstance(atom, Entry) and atom.site == site:
                    self.frame.replacements.pop(atom, None)
                    starts = [extent(r.source, atom.axis) for r in region.occurrences]
                    self.frame.replacements[atom] = self.frame.settle(starts, region.environments, "channels")
            self.region(region, target)
        if self.plan.is_network:
            self.frame.freeze(set().union(*(atoms_of(s.over) for s in step.occurrences)))
        self._settle_after(step)

    def _pin(self, variable: Variable, region: TRegion) -> None:
        """In an unrolled iteration a loop variable is what it is."""
        values = [e[variable] for e in region.environments]
        self.frame.replacements.pop(variable, None)
        self.frame.replacements[variable] = self.frame.settle(values, region.environments, variable.name)

    def _settle_after(self, step: TLoop | TChoice) -> None:
        """Find the expression for what left a loop or choice, if there is one that needs no variable."""
        site = step.first.site
        for after in [a for a in self.plan.used if isinstance(a, After) and a.site == site]:
            if after in self.frame.texts:
                continue
            expr = self._direct(step, after)
            if expr is not None:
                self.frame.replacements[after] = expr

    def _direct(self, step: TLoop | TChoice, after: After) -> Expr | None:
        values = [left(s, after.axis) for s in step.occurrences]
        from netdsl.emit.settle import settle

        try:
            expr, _ = settle(values, step.environments, self.frame.ready, lambda a, v: False)
        except Unsettled:
            return None
        return expr

    def _choice(self, step: TChoice, target: Target) -> None:
        site = step.first.site
        arms = {s.arm for s in step.occurrences}
        if len(arms) == 1:
            self.frame.freeze_choice(step)
            for arm in step.arms:
                if arm is not None:
                    self.region(arm, target)
            self._settle_after(step)
            return
        try:
            condition = self.frame.settle([s.condition for s in step.occurrences], step.environments, "condition")
        except Unsettled:
            raise Unroll(self.loops[-1]) if self.loops else Split(self.plan.key) from None
        afters = [a for a in self.plan.used if isinstance(a, After) and a.site == site]
        moving: dict[int, str] = {}
        for after in afters:
            expr = self._direct(step, after)
            if expr is not None:
                self.frame.replacements[after] = expr
            else:
                starts = [extent(s.source, after.axis) for s in step.occurrences]
                initial = self.frame.settle(starts, step.environments, "channels")
                moving[after.axis] = self._variable(step, initial, after.axis)
        mark = len(self.lines)
        shown = self.frame.show(condition)
        self.line(f"if {shown}:")
        written = False
        for i, arm in enumerate(step.arms):
            if i == 1 and arm is not None:
                if not written:
                    self.lines[mark:] = []
                    self.line(f"if {self.frame.show(negated(condition))}:")
                else:
                    self.line("else:")
            if arm is None:
                continue
            start = len(self.lines)
            self.indent += 1
            stale, texts = dict(self.frame.stale), dict(self.frame.texts)
            for atom in [a for a in stale if self.frame.texts.get(a) in moving.values()]:
                if stale[atom] == site:
                    del self.frame.stale[atom]  # inside the arm the old value still stands
            self.region(arm, target)
            for axis, variable in moving.items():
                self._update(arm, axis, variable, None)
            self.frame.stale, self.frame.texts = stale, {**self.frame.texts, **texts}
            self.indent -= 1
            if len(self.lines) == start:
                if i == 1 and written:
                    self.lines.pop()
            else:
                written = True
        if not written:
            del self.lines[mark:]
        for axis, variable in moving.items():
            self.frame.texts[After(site, axis)] = variable
            self.frame.stale.pop(After(site, axis), None)


MISSING = object()


def given(source: Any, invoke: Invoke, callee: Class) -> Any:
    """What one call gives for a constructor parameter of its callee, traced in the caller; MISSING for a default."""
    if isinstance(source, str):
        return callee.extras[source].get(callee.instance(invoke), next(iter(callee.extras[source].values())))
    if isinstance(source, Entry):
        if source.site == callee.definition.site:
            return extent(invoke.region.source, source.axis)
        for name, (inside, outside) in invoke.region.tensors.items():
            if any(provenance(e) == source for e in inside.shape) or name:
                if any(p.site == source.site and p.name == name for p in callee.declared):
                    return outside.shape[source.axis]
        return MISSING
    if isinstance(source, Variable):
        if source.name in invoke.arguments:
            return invoke.arguments[source.name]
        if source in invoke.region.environment and "." not in source.name:
            return invoke.region.environment[source]
    return MISSING


def extent(flow: Flow | None, axis: int) -> Any:
    if isinstance(flow, Tensor) and axis < len(flow.shape):
        return flow.shape[axis]
    raise Unsettled


def left(step: Any, axis: int) -> Any:
    """The extent of what left one loop or choice, over the frame's atoms."""
    regions = step.iterations if hasattr(step, "iterations") else [step.region] if step.region else []
    return extent(regions[-1].result if regions else step.source, axis)


def shapes(step: Any) -> tuple[Any, ...]:
    return tuple(t.shape for t in step.operands)


def module_calls(step: TApply) -> list[Call] | None:
    """The torch module of an operator in every instance, or None where it has none."""
    calls = [s.op.module(*shapes(s)) for s in step.occurrences]
    return None if any(c is None for c in calls) else calls  # type: ignore[return-value]


def negated(condition: Expr) -> Expr:
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    if isinstance(condition, Operation) and condition.operator in opposite:
        return Operation(opposite[condition.operator], condition.operands)
    if isinstance(condition, Operation) and condition.operator == "not":
        return condition.operands[0]
    return Operation("not", (condition,))


def regions_of(step: Any) -> list[TRegion]:
    if isinstance(step, TGroup):
        return [step.region]
    if isinstance(step, TJoin):
        return [step.region]
    if isinstance(step, TLoop):
        return step.unrolled if step.unrolled is not None else [step.body] if step.body else []
    if isinstance(step, TChoice):
        return [arm for arm in step.arms if arm]
    return []


def is_sequence(step: Any) -> bool:
    """Whether a labelled container can be an nn.Sequential."""
    inside = regions_of(step)
    return not isinstance(step, TJoin) and all(sequential(r) for r in inside)


def sequential(region: TRegion) -> bool:
    """Whether a region is nothing but modules through which one value flows."""
    if not region.chain or region.first.tensors:
        return False
    for step in region.steps:
        if isinstance(step, TApply):
            if step.first.share is not None or len(step.first.operands) != 1 or module_calls(step) is None:
                return False
        elif isinstance(step, TInvoke):
            if step.first.share is not None or step.first.region.tensors:
                return False
        elif isinstance(step, TGroup | TLoop | TChoice):
            if not is_sequence(step):
                return False
        elif not isinstance(step, TLet):
            return False
    return True


def has_labels(step: Any) -> bool:
    return any(has_labels_in(r) for r in regions_of(step))


def has_labels_in(region: TRegion) -> bool:
    """Whether a chain names its stages instead of numbering them."""
    for step in region.steps:
        if isinstance(step, TApply | TInvoke | TGroup | TLoop | TChoice):
            if step.first.name and not str(step.first.name).isdigit():
                return True
            if not step.first.name and has_labels(step):
                return True
    return False


def label_stem(name: Expr) -> str:
    if isinstance(name, Operation) and name.operands and isinstance(name.operands[0], Literal):
        return python.identifier(str(name.operands[0].value).rstrip("_0123456789") or "layers")
    return "layers"


def atoms_of(value: Any) -> set[Any]:
    from netdsl.expression import atoms

    return set(atoms(provenance(value)))


__all__ = ["FRAME", "Constructor", "Target"]
