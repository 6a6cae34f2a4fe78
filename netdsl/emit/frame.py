"""What is known while one class is written: names, settled expressions, and what its code turned out to need.

A class is written several times until its interface stands still, because what a constructor takes is what its code
prints, and what a call passes is what the callee takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.emit import python
from netdsl.emit.callsites import CallSites
from netdsl.emit.classes import Class, CtorParameter
from netdsl.emit.settle import Unsettled, by_instance, plain, settle
from netdsl.emit.template import Environment
from netdsl.expression import (
    UNTRACED,
    Atom,
    Entry,
    Expr,
    Literal,
    Variable,
    atoms,
    provenance,
    substitute,
)
from netdsl.ops.op import Call, Helper, Operand, Template
from netdsl.scope import Parameter, Tensor

AXES = {1: ("features",), 2: ("channels", "length"), 3: ("channels", "height", "width")}
AXES[4] = ("channels", "depth", "height", "width")


class Frame:
    def __init__(self, plan: Class, classes: dict[Any, Class], sites: CallSites) -> None:
        self.plan, self.classes, self.sites = plan, classes, sites
        self.texts: dict[Atom, str] = {}  # how an atom is written at this moment
        self.replacements: dict[Atom, Expr] = {}  # atoms for which another expression stands
        self.inner: dict[Atom, Expr] = {}  # lets that stand in an arm, and so have a value only there
        self.looped: set[Atom] = set()  # what has another value in every turn of a loop
        self.stale: dict[Atom, Any] = {}  # atoms whose variable has moved on, and who moved it
        self.used: set[Atom] = set()
        self.extras: dict[str, dict[int, Any]] = {}
        self.stored: dict[str, str] = {}  # attribute of self -> constructor text
        self.locals: set[str] = set()
        self.carried: set[str] = set()  # variables that hold a running extent
        self.helpers: dict[str, Helper] = {}
        self.pending: set[Atom] = set()  # found wanting this time; they will have a variable (of their own) the next
        self._declare()

    @property
    def declared(self) -> tuple[Parameter, ...]:
        """The parameters of the text that the constructor may take."""
        return self.plan.declared

    # Names -------------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        """Give the constructor's own atoms their names."""
        plan = self.plan
        region = plan.region.first
        for parameter in plan.declared:
            self._name(Variable(parameter.name, parameter.site), parameter.name)
        names: dict[Variable, str] = {}
        for occurrence in plan.region.occurrences:
            names.update(occurrence.names)
        for atom in dict.fromkeys(a for r in plan.region.occurrences for a in r.environment):
            if isinstance(atom, Variable) and "." in atom.name and atom.name.split(".")[0] and atom not in self.texts:
                own = names.get(atom, atom.name.rsplit(".", 1)[1])
                self._name(atom, f"arg{own}" if own.isdigit() else own)
        for atom in dict.fromkeys(a for r in plan.region.occurrences for a in r.environment):
            if isinstance(atom, Entry) and atom not in self.texts:
                self._name(atom, self._axis_name(atom, region))

    def _axis_name(self, atom: Entry, region: Any) -> str:
        for name, (inside, _) in region.tensors.items():
            if isinstance(inside, Tensor) and any(getattr(e, "expr", None) == atom for e in inside.shape):
                return f"{name}_{AXES.get(len(inside.shape), ())[atom.axis]}"
        rank = len(region.entry.shape) if hasattr(region.entry, "shape") else 3
        return AXES[rank][atom.axis] if rank in AXES else f"extent{atom.axis}"

    def _name(self, atom: Atom, wanted: str) -> None:
        self.texts[atom] = self.local(wanted)

    def author(self, name: str) -> str:
        """The author's name for a value, unless the module defines a function of that name."""
        return python.identifier(name, self.plan.helpers)

    def local(self, wanted: str) -> str:
        name = python.identifier(wanted, self.locals)
        self.locals.add(name)
        return name

    # Expressions -------------------------------------------------------------------------------------------

    def ready(self, expr: Expr) -> Expr | None:
        """`expr` over atoms that have a name here, or None."""
        shown = substitute(expr, self.replacements)
        read = atoms(shown)  # a set: what is noted here must not depend on its order
        if read & self.plan.frozen:
            return None
        nameless = {a for a in read if a not in self.texts}
        moved = {a for a in read if a in self.stale}
        self.pending |= nameless - self.plan.wanted | {a for a in moved if self.stale[a] not in self.plan.separate}
        self.plan.wanted |= nameless
        self.plan.separate |= {self.stale[a] for a in moved}
        return None if nameless or moved else shown

    def settle(self, values: Sequence[Any], environments: Sequence[Environment], hint: str = "value") -> Expr:
        """The expression to print for `values`; a new constructor parameter named after `hint` where none is right.

        Raises Unsettled where not even that helps: the values differ inside one instance.
        """
        try:
            expr, left_out = settle(values, environments, self.ready, self._rest_default)
        except Unsettled:
            if self._awaits(values):
                return Literal(plain(values[0]))
            return self._extra(values, environments, hint)
        if self.plan.is_network:
            self.freeze(left_out)
        return expr

    def settle_name(self, names: Sequence[str], environments: Sequence[Environment]) -> Expr:
        """The path component of a step: a literal, or a computed label. Raises Unsettled."""
        try:
            expr, left_out = settle(names, environments, self.ready, lambda atom, value: False)
        except Unsettled:
            if self._awaits(names):
                return Literal(plain(names[0]))
            raise
        if self.plan.is_network:
            self.freeze(left_out)
        return expr

    def _awaits(self, values: Sequence[Any]) -> bool:
        """Whether the next writing will know more about these values."""
        return any(atoms(provenance(v)) & self.pending for v in values)

    def freeze_choice(self, step: Any) -> None:
        """A condition that always went one way is not written; what it reads cannot vary."""
        if self.plan.is_network:
            self.freeze(frozenset().union(*(atoms(provenance(s.condition)) for s in step.occurrences)))

    def freeze(self, left_out: frozenset[Atom] | set[Atom]) -> None:
        """The network's class cannot vary in what its code does not follow."""
        own = {Variable(p.name, p.site) for p in self.plan.declared}
        expanded = set().union(*(atoms(self.replacements.get(a, a)) for a in left_out)) if left_out else set()
        self.plan.frozen |= expanded & own

    def _rest_default(self, atom: Variable, value: Any) -> bool:
        return bool(self.plan.rest_defaults.setdefault(atom, value) == value)

    def _extra(self, values: Sequence[Any], environments: Sequence[Environment], hint: str) -> Expr:
        if self.plan.is_network:
            raise Unsettled
        # What the callers pass is the bare value: its expression speaks of this class's own atoms.
        found = {instance: plain(value) for instance, value in by_instance(values, environments).items()}
        for name, known in self.extras.items():
            if known == found:
                return Variable(f"+{name}", self.plan.definition.site)
        name = self.local(hint)
        self.extras[name] = found
        atom = Variable(f"+{name}", self.plan.definition.site)
        self.texts[atom] = name
        return atom

    def show(self, expr: Expr, least: int = 0) -> str:
        """Python text of a settled expression; notes what it uses."""
        self.used |= atoms(expr)
        return python.expression(expr, self.texts.__getitem__, least)

    def origin(self, value: Any) -> Expr:
        """The expression of a value as it would be written here."""
        return substitute(provenance(value), self.replacements)

    def text(self, values: Sequence[Any], environments: Sequence[Environment], hint: str = "value") -> str:
        return self.show(self.settle(values, environments, hint))

    # Calls -------------------------------------------------------------------------------------------------

    def arguments(self, calls: Sequence[Call], environments: Sequence[Environment], write: Any) -> list[str]:
        """The arguments of one call as it stands in all instances, defaults left out; `write(values, hint)` prints.

        Raises Unsettled where the instances call different things.
        """
        first = calls[0]
        if any(c.target != first.target or len(c.arguments) != len(first.arguments) for c in calls):
            raise Unsettled
        items = [
            write([c.arguments[i] for c in calls], _positional_hint(first, i)) for i in range(len(first.arguments))
        ]
        for name in dict.fromkeys(k for c in calls for k in c.keywords):
            values = [c.keywords.get(name, c.defaults.get(name)) for c in calls]
            default = first.defaults.get(name, self)
            if all(self._is_default(v, default) for v in values):
                continue
            items.append(f"{name}={write(values, name)}")
        return items

    def _is_default(self, value: Any, default: Any) -> bool:
        """Whether a keyword says no more than torch's default, whatever the instance."""
        if type(value) in UNTRACED:
            return type(value) is type(default) and bool(value == default)
        if isinstance(value, Call | Operand | Template) or type(self.origin(value)) is not Literal:
            return False
        return type(plain(value)) is type(plain(default)) and bool(plain(value) == plain(default))

    def value(self, values: Sequence[Any], environments: Sequence[Environment], hint: str) -> str:
        """One argument: a number, text or list, or a nested call."""
        if isinstance(values[0], Call):
            return self.call(values, environments)
        if isinstance(values[0], Operand | Template):
            raise TypeError("a constructor argument cannot read a tensor")
        return self.text(values, environments, hint)

    def call(self, calls: Sequence[Call], environments: Sequence[Environment]) -> str:
        items = self.arguments(calls, environments, lambda values, hint: self.value(values, environments, hint))
        return f"{self.target(calls[0].target)}({', '.join(items)})"

    def target(self, target: str | Helper) -> str:
        """What a call calls; a helper is noted, to be defined in the module."""
        if isinstance(target, str):
            return target
        self.helpers[target.name] = target
        return target.name

    # The interface that results ----------------------------------------------------------------------------

    def interface(self) -> tuple[CtorParameter, ...]:
        """The constructor's parameters, those without a default first."""
        plan = self.plan
        found: list[CtorParameter] = []
        entries = [a for a in self.texts if isinstance(a, Entry) and a in self.used and a.site == plan.definition.site]
        found += [CtorParameter(self.texts[a], "int", a) for a in sorted(entries, key=lambda a: a.axis)]
        tensors = [a for a in self.texts if isinstance(a, Entry) and a in self.used and a not in entries]
        tensors = [a for a in tensors if any(a.site == p.site for p in plan.declared)]
        found += [CtorParameter(self.texts[a], "int", a) for a in tensors]
        for parameter in plan.declared:
            atom = Variable(parameter.name, parameter.site)
            if atom in self.used and atom in self.texts:
                value = plan.region.first.environment.get(atom, parameter.default)
                annotation = annotation_of([r.environment.get(atom, value) for r in plan.region.occurrences])
                found.append(CtorParameter(self.texts[atom], annotation, atom, parameter.default, parameter.optional))
            for rest in self.texts:
                mine = isinstance(rest, Variable) and rest.site == parameter.site and "." in rest.name
                if mine and rest in self.used:
                    values = [r.environment[rest] for r in plan.region.occurrences if rest in r.environment]
                    optional = rest in plan.rest_defaults
                    default = plan.rest_defaults.get(rest)
                    every = [*values, default] if optional else values
                    found.append(CtorParameter(self.texts[rest], annotation_of(every), rest, default, optional))
        for name, by in self.extras.items():
            if Variable(f"+{name}", plan.definition.site) in self.used:
                found.append(CtorParameter(name, annotation_of(list(by.values())), name))
        return tuple(sorted(found, key=lambda p: p.optional))


def annotation_of(values: Sequence[Any]) -> str:
    """The Python type of a parameter that takes these values."""
    kinds = dict.fromkeys(_kind(plain(v)) for v in values)
    if "float" in kinds:
        kinds.pop("int", None)
    return " | ".join(sorted(kinds, key=lambda k: k == "None"))


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple):
        inner = dict.fromkeys(_kind(x) for x in value) or {"int": None}
        return f"tuple[{' | '.join(inner)}, ...]"
    return type(value).__name__


def _positional_hint(call: Call, index: int) -> str:
    names = {"nn.Linear": ("in_features", "out_features")}
    target = call.target if isinstance(call.target, str) else ""
    known = names.get(target, ("in_channels", "out_channels", "kernel_size"))
    return known[index] if index < len(known) else "value"
