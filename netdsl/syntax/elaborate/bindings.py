"""Names while a text is checked: who binds them, who reads them, and what nobody reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdsl.cost import FIGURES
from netdsl.diagnostics import Label
from netdsl.ops.op import OPS
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.report import Report
from netdsl.syntax.elaborate.scopes import MISSING, FileScope, close
from netdsl.syntax.elaborate.values import Namespace
from netdsl.syntax.elaborate.wording import round_trip, unknown_name, unknown_prefix

if TYPE_CHECKING:
    from netdsl.syntax.elaborate.circles import Circles


@dataclass(slots=True)
class Binding:
    kind: str
    span: Span
    used: bool = False


class Names:
    """Names inside one pair of braces. `later` are those that this statement and others further down define."""

    __slots__ = ("circles", "later", "names", "parent")

    def __init__(self, parent: Names | None) -> None:
        self.parent = parent
        self.names: dict[str, Binding] = {}
        self.later: dict[str, tuple[Span, tree.Statement]] = {}
        self.circles: Circles | None = None  # of these, once they are asked for

    def find(self, name: str) -> Binding | None:
        scope: Names | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def upcoming(self, name: str) -> Span | None:
        """Where a statement further down defines `name`."""
        scope = self._scope_of(name)
        return scope.later[name][0] if scope is not None else None

    def circle(self, expr: tree.Name) -> list[str] | None:
        """How what `expr` names and the statement that it stands in need one another; None where they do not, and
        another order of the statements would do; empty where it was said before."""
        scope = self._scope_of(expr.name)
        if scope is None:
            return None
        here = [n for n, (_, item) in scope.later.items() if item.span.start <= expr.span.start < item.span.end]
        if expr.name in here:
            return []
        if scope.circles is None:
            from netdsl.syntax.elaborate.circles import Circles  # late: networkx, which a right text does not need here

            scope.circles = Circles({name: item for name, (_, item) in scope.later.items()})
        joined = [name for name in here if scope.circles.joins(expr.name, name)]
        return scope.circles.way(expr.name, joined[0]) if joined else None

    def _scope_of(self, name: str) -> Names | None:
        scope: Names | None = self
        while scope is not None and name not in scope.later:
            scope = scope.parent
        return scope

    def all(self) -> set[str]:
        return set(self.names) | (self.parent.all() if self.parent is not None else set())


_UNUSED = {
    "value": ("N301", "the value `{}` is never used"),
    "input": ("N301", "the input `{}` is never used"),
    "target": ("N301", "the target `{}` is never used"),
    "parameter": ("N303", "the parameter `{}` is never used"),
    "let": ("N305", "`{}` is never used"),
    "shared": ("N305", "the shared block `{}` is never used"),
}


class Lookup:
    """Binds and looks up the names of one file, and keeps the books."""

    def __init__(self, file: FileScope, report: Report) -> None:
        self.file, self.report = file, report
        self.used: set[str] = set()  # names of the file that something reads
        self.unused: list[tuple[str, Binding]] = []
        self.meant: set[str] = set()  # names that a misspelt one was probably meant to be

    def name(self, expr: tree.Name, names: Names | None, figures: bool = False) -> Any:
        """Look a name up; what the file means by it, None for what is bound in the definition or means nothing."""
        name = expr.name
        binding = names.find(name) if names is not None else None
        if binding is not None:
            binding.used = True
            return None
        value = self.file.find(name)
        if value is not MISSING:
            self.used.add(name)
            return value
        if figures and name in FIGURES:
            return None
        later = names.upcoming(name) if names is not None else None
        if later is not None:
            self.meant.add(name)
            circle = names.circle(expr) if names is not None else None
            self.report.error(
                "N207",
                f"`{name}` is used before it is defined",
                expr.span,
                others=(Label(later, "defined here"),),
                notes=(f"the definitions go in a circle: {round_trip(circle)}",) if circle else (),
                help="move the definition up"
                if circle is None
                else "a value is made of others: begin with an input, or a name given before",
            )
            return None
        known = {*(names.all() if names is not None else ()), *self.file.known()}
        near = close(name, known)
        if near is not None:
            self.meant.add(near)
        unknown_name(self.report, expr, near)
        return None

    def attribute(self, expr: tree.Attribute, names: Names | None, figures: bool) -> None:
        base = expr.value
        assert isinstance(base, tree.Name)
        if names is None or names.find(base.name) is None:
            if any(known.startswith(base.name + ".") for known in OPS) and self.file.find(base.name) is MISSING:
                return  # a plugin's operator; whether it has this one is seen when it is used
            if self.file.find(base.name) is MISSING and base.name != "class":
                self._unknown_base(base, names)
                return
        value = self.name(base, names, figures)
        if isinstance(value, Namespace) and expr.name.name not in value.file.names:
            near = close(expr.name.name, value.file.names)
            self.report.error(
                "N201",
                f"`{value.name}` has no `{expr.name.name}`",
                expr.name.span,
                f"not in {value.file.source.name}",
                help=f"did you mean `{near}`?" if near else None,
            )

    def _unknown_base(self, base: tree.Name, names: Names | None) -> None:
        if names is not None and names.upcoming(base.name) is not None:
            self.name(base, names)
            return
        known = {*(names.all() if names is not None else ()), *self.file.known()}
        near = close(base.name, known)
        if near is not None:
            self.meant.add(near)
        unknown_prefix(self.report, base, near)

    def bind(self, names: Names, name: tree.Name, kind: str, span: Span | None = None) -> None:
        other = names.names.get(name.name)
        if (
            other is None
            and kind != "loop"
            and names.parent is not None
            and kind in ("let", "value", "shared", "input")
        ):
            found = names.parent.names.get(name.name)
            other = found if found is not None and found.kind == "parameter" else None
        if other is not None and other.kind != "symbol":
            self.report.error(
                "N206",
                f"`{name.name}` is defined twice",
                name.span,
                "again here",
                others=(Label(other.span, "first here"),),
                help="a name is given once: choose another for the second",
            )
            other.used = True
            return
        names.names[name.name] = Binding(kind, name.span)
        names.later.pop(name.name, None)

    def close(self, names: Names) -> None:
        self.unused += [(name, b) for name, b in names.names.items() if not b.used and b.kind in _UNUSED]

    def finish(self, main: bool) -> None:
        """Report what is unused, but for what a misspelt name was meant to use."""
        if not main:
            return
        for name, binding in self.unused:
            if name.startswith("_") or name in self.meant or binding.used:
                continue
            code, message = _UNUSED[binding.kind]
            self.report.error(
                code,
                message.format(name),
                binding.span,
                "nothing reads it",
                help=f"take it away, or call it `_{name}` to keep it",
            )

    def unused_at_top(self) -> None:
        """Imports, and the lets of a file that has a net: one without is there to be imported."""
        library = not any(isinstance(item, tree.Definition) and item.kind == "net" for item in self.file.file.items)
        for item in self.file.file.items:
            if isinstance(item, tree.Import):
                if item.alias is not None:
                    used = item.alias.name in self.used or item.alias.name not in self.file.names
                    near = item.alias.name in self.meant
                else:
                    here = [n for n, place in self.file.places.items() if place == item.span]
                    used = not here or any(n in self.used for n in here)
                    near = any(n in self.meant for n in here)
                if not used and not near:
                    self.report.error(
                        "N304", f"the import of {item.path.span.text} is never used", item.span, help="take it away"
                    )
            elif isinstance(item, tree.Let) and not library:
                name = item.name.name
                if name not in self.used and name not in self.meant and not name.startswith("_"):
                    self.report.warning(
                        "N305", f"`{name}` is never used in this file", item.name.span, "nothing here reads it"
                    )
