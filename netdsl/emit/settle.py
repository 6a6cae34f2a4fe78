"""Finding the expression that is right in every instance.

At one place of a class each instance has a value, and with it the expression that its trace knows. An expression is
settled on if it can be printed where it stands and gives the right value in all instances; else, where all values
agree, that value; else the value becomes a further constructor parameter, or the loop around it is unrolled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from netdsl.emit.template import Environment
from netdsl.expression import (
    UNTRACED,
    Atom,
    Expr,
    Flag,
    Literal,
    Variable,
    atoms,
    evaluate,
    provenance,
)

FRAME = Variable("", None)  # type: ignore[arg-type]  # its value is the number of the instance
_NOTHING = object()


class Unsettled(Exception):
    """No expression is right in all instances, and their values differ."""


def plain(value: Any) -> Any:
    """The value without its expression."""
    if type(value) in UNTRACED:
        return value
    if isinstance(value, Flag):
        return bool(value)
    if isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, tuple):
        return tuple(plain(x) for x in value)
    return value


def settle(
    values: Sequence[Any],
    environments: Sequence[Environment],
    ready: Callable[[Expr], Expr | None],
    default: Callable[[Variable, Any], bool],
) -> tuple[Expr, frozenset[Atom]]:
    """The expression for `values`, and the atoms that a literal in its place leaves out.

    `ready` gives an expression as it can be printed here, or None. `default` is asked whether a parameter of `...args`
    that an instance was not given may stand for the value that instance has. Raises Unsettled.
    """
    exprs = list(dict.fromkeys(provenance(v) for v in values))
    exprs.sort(key=lambda e: type(e) is Literal)
    for candidate in exprs:
        printable = ready(candidate)
        if printable is None:
            continue
        if len(exprs) == 1 or all(
            _holds(candidate, value, environment, default)
            for value, environment in zip(values, environments, strict=True)
        ):
            return printable, frozenset()
    first = plain(values[0])
    if all(_same(plain(v), first) for v in values):
        return Literal(first), frozenset().union(*(atoms(e) for e in exprs))
    raise Unsettled


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _holds(candidate: Expr, value: Any, environment: Environment, default: Callable[[Variable, Any], bool]) -> bool:
    if provenance(value) == candidate:
        return True
    try:
        return _same(plain(evaluate(candidate, environment)), plain(value))
    except KeyError:
        rest = isinstance(candidate, Variable) and "." in candidate.name
        return rest and type(provenance(value)) is Literal and default(candidate, plain(value))  # type: ignore[arg-type]
    except (ArithmeticError, TypeError, ValueError, LookupError):
        return False


def by_instance(values: Sequence[Any], environments: Sequence[Environment]) -> dict[int, Any]:
    """The value of each instance of the class; Unsettled where an instance has several (in a loop)."""
    found: dict[int, Any] = {}
    for value, environment in zip(values, environments, strict=True):
        instance = environment[FRAME]
        before = found.setdefault(instance, value)
        if before is not value and not _same(plain(before), plain(value)):
            raise Unsettled
    return found
