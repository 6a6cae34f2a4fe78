"""What names mean, in the file and in those that it imports."""

from __future__ import annotations

from typing import Any

from netdsl.syntax import tree
from netdsl.syntax.elaborate import calls
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import MISSING, FileScope, Scope, close
from netdsl.syntax.elaborate.values import POISON, Namespace, Poison, Unfinished
from netdsl.syntax.elaborate.wording import round_trip, unknown_name


def named(expr: tree.Name, context: Context) -> Any:
    """The value of a name. Raises `Poisoned` where there is none; the reason is reported."""
    value = context.scope.find(expr.name)
    if value is MISSING:
        if expr.span in context.report.places:
            raise Poisoned
        raise unknown_name(context.report, expr, close(expr.name, context.scope.known()))
    if type(value) is Unfinished:
        circle = value.circle(expr.name)
        way = f": {round_trip(circle)}" if len(circle) > 2 else ""
        raise context.report.error("N208", f"`{expr.name}` is defined by way of itself{way}", expr.span)
    if type(value) is Poison:
        if value.message:
            raise context.report.error(value.code, value.message, expr.span, **value.extra)
        raise Poisoned
    if type(value) is tree.Let:
        scope: Any = context.scope
        while type(scope) is Scope:
            scope = scope.parent
        return _let(scope, value, context)
    return value


def member(value: Namespace, name: tree.Name, context: Context) -> Any:
    """The value of a name of another file."""
    found = value.file.names.get(name.name, MISSING)
    if found is MISSING:
        near = close(name.name, value.file.names)
        raise context.report.error(
            "N201",
            f"`{value.name}` has no `{name.name}`",
            name.span,
            f"not in {value.file.source.name}",
            help=f"did you mean `{near}`?" if near else None,
        )
    if type(found) is tree.Let:
        return _let(value.file, found, context)
    if type(found) is Poison:
        raise Poisoned
    return found


def _let(home: FileScope, let: tree.Let, context: Context) -> Any:
    """The value of a `let` of a file, when it is first used; until then `home` holds the tree."""
    name = let.name.name
    home.names[name] = Unfinished(home.unfinished)
    home.unfinished.append(name)
    value: Any = POISON
    try:
        value = evaluation.evaluate(let.value, calls.file_context(home, context))
    finally:
        home.unfinished.pop()
        home.names[name] = value
    return value
