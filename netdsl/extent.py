"""Extents: sizes of axes, known or not.

An extent is an int, or an `Affine`: an integer combination of *atoms*, an atom being a symbol of an input such as
`[3, H, W]` (every symbol is at least 1) or `(affine) // k`. That is closed under all that shape rules do, so that
`H // 16` comes out of four pools and FCN-8s is known to give back the size of its image.

Affines are kept in a normal form: terms sorted, `(k*x + r) // k` is `x + r // k`, and
`(x//a + c) // b` is `(x + a*c) // (a*b)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias


class NotAffine(ArithmeticError):
    """The product or quotient of two unknown extents was wanted."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The atom `value // by`, `by` at least 2, all of `value`'s coefficients in `[0, by)`."""

    value: Affine
    by: int

    def __str__(self) -> str:
        text = str(self.value)
        return f"{text} // {self.by}" if text.isidentifier() else f"({text}) // {self.by}"


Atom: TypeAlias = str | Floor


class Affine:
    """`constant + sum(coefficient * atom)`, with at least one term. Immutable; `==` compares normal forms."""

    __slots__ = ("_hash", "constant", "terms")

    def __init__(self, constant: int, terms: tuple[tuple[Atom, int], ...]) -> None:
        self.constant, self.terms = constant, terms
        self._hash = hash((constant, terms))

    def __add__(self, other: Any) -> Extent:
        return _combine(((self, 1), (other, 1))) if isinstance(other, int | Affine) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Extent:
        return _combine(((self, 1), (other, -1))) if isinstance(other, int | Affine) else NotImplemented

    def __rsub__(self, other: Any) -> Extent:
        return _combine(((other, 1), (self, -1))) if isinstance(other, int | Affine) else NotImplemented

    def __neg__(self) -> Extent:
        return _combine(((self, -1),))

    def __mul__(self, other: Any) -> Extent:
        if isinstance(other, Affine):
            raise NotAffine(f"the product of {self} and {other}")
        return _combine(((self, int(other)),)) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Extent:
        if isinstance(other, Affine):
            raise NotAffine(f"the quotient of {self} and {other}")
        return _floor(self, int(other)) if isinstance(other, int) else NotImplemented

    def __rfloordiv__(self, other: Any) -> Extent:
        raise NotAffine(f"the quotient of {other} and {self}")

    def __mod__(self, other: Any) -> Extent:
        quotient: Extent = self // other
        return _combine(((self, 1), (quotient, -int(other))))

    def __rmod__(self, other: Any) -> Extent:
        raise NotAffine(f"the remainder of {other} and {self}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Affine) and self.constant == other.constant and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:  # the stored hash belongs to this process
        return Affine, (self.constant, self.terms)

    def __str__(self) -> str:
        text = ""
        for atom, factor in (*self.terms, ("", self.constant)):
            if factor == 0:
                continue
            size = abs(factor)
            if atom == "":
                term = str(size)
            elif size == 1:
                term = str(atom)
            else:
                term = f"{size}*({atom})" if isinstance(atom, Floor) else f"{size}*{atom}"
            sign = "-" if factor < 0 else "+"
            if text:
                text += f" {sign} {term}"
            else:
                text = term if factor > 0 else f"-({term})" if isinstance(atom, Floor) else f"-{term}"
        return text

    def __repr__(self) -> str:
        return f"<{self}>"


Extent: TypeAlias = int | Affine


def symbol(name: str) -> Affine:
    """The unknown extent `name`, at least 1."""
    return Affine(0, ((name, 1),))


def symbols(extent: Extent) -> frozenset[str]:
    """The names of the symbols that `extent` depends on."""
    if isinstance(extent, int):
        return frozenset()
    return frozenset().union(*(_symbols_of(atom) for atom, _ in extent.terms))


def bind(extent: Extent, values: Mapping[str, int]) -> Extent:
    """`extent` where each symbol in `values` has its value; an int where that is all of them."""
    if isinstance(extent, int):
        return extent
    total: Extent = extent.constant
    for atom, factor in extent.terms:
        bound = values.get(atom, None) if isinstance(atom, str) else bind(atom.value, values) // atom.by
        total = _combine(((total, 1), (symbol(str(atom)) if bound is None else bound, factor)))
    return total


def divides(k: int, extent: Extent) -> bool:
    """Whether `extent` is a multiple of `k` for all values of its symbols."""
    if isinstance(extent, int):
        return extent % k == 0
    return extent.constant % k == 0 and all(factor % k == 0 for _, factor in extent.terms)


def same(a: Extent, b: Extent) -> bool:
    """Whether `a` equals `b` whatever the symbols are, as far as that can be proved."""
    return a == b or (not (isinstance(a, int) and isinstance(b, int)) and bounds(a - b) == (0, 0))


def at_most(a: Extent, b: Extent) -> bool:
    """Whether `a <= b` whatever the symbols are, as far as that can be proved."""
    return a <= b if isinstance(a, int) and isinstance(b, int) else bounds(a - b)[1] <= 0


def surely_more(a: Extent, b: Extent) -> bool:
    """Whether `a > b` whatever the symbols are, as far as that can be proved."""
    return a > b if isinstance(a, int) and isinstance(b, int) else bounds(a - b)[0] > 0


def bounds(extent: Extent) -> tuple[float, float]:
    """A lower and an upper bound over all values of the symbols (infinite where there is none).

    They are exact where each symbol stands in atoms of its own and its period is small, which is to say always in
    practice; otherwise atoms are bounded by `(x - k + 1)/k <= x//k <= x/k`.
    """
    return (extent, extent) if isinstance(extent, int) else _bounds(extent)


# ------------------------------------------------------------------------------------------------ the normal form


def _combine(parts: Iterable[tuple[Extent, int]]) -> Extent:
    """The sum of extents times factors."""
    constant, terms = 0, dict[Atom, int]()
    for extent, factor in parts:
        if isinstance(extent, int):
            constant += int(extent) * factor
        else:
            constant += extent.constant * factor
            for atom, times in extent.terms:
                terms[atom] = terms.get(atom, 0) + times * factor
    return _affine(constant, terms)


def _affine(constant: int, terms: dict[Atom, int]) -> Extent:
    kept = [(atom, factor) for atom, factor in terms.items() if factor]
    kept.sort(key=lambda term: (term[1] < 0, isinstance(term[0], Floor), str(term[0])))
    return Affine(constant, tuple(kept)) if kept else constant


def _floor(extent: Extent, by: int) -> Extent:
    """`extent // by` in normal form."""
    if by <= 0:
        raise ZeroDivisionError(f"{extent} // {by}")
    if isinstance(extent, int):
        return extent // by
    whole = _affine(extent.constant // by, {atom: factor // by for atom, factor in extent.terms})
    rest = {atom: factor % by for atom, factor in extent.terms if factor % by}
    constant = extent.constant % by
    shared = math.gcd(by, *rest.values())
    rest = {atom: factor // shared for atom, factor in rest.items()}
    by, constant = by // shared, constant // shared
    if by == 1:
        return whole + _affine(constant, rest)
    if len(rest) == 1:
        ((atom, factor),) = rest.items()
        if factor == 1 and isinstance(atom, Floor):
            return whole + _floor(atom.value + atom.by * constant, by * atom.by)
    atom = Floor(_affine(constant, rest), by)  # type: ignore[arg-type]
    return _combine(((whole, 1), (Affine(0, ((atom, 1),)), 1)))


# ----------------------------------------------------------------------------------------------------- inequality

_LONGEST_PERIOD = 1024


def _symbols_of(atom: Atom) -> frozenset[str]:
    return frozenset((atom,)) if isinstance(atom, str) else symbols(atom.value)


def _period(extent: Affine) -> int:
    """A number P such that `extent` grows by a constant whenever its only symbol grows by P."""
    return math.lcm(*(1 if isinstance(atom, str) else atom.by * _period(atom.value) for atom, _ in extent.terms))


@lru_cache(maxsize=4096)
def _bounds(extent: Affine) -> tuple[float, float]:
    by_symbols = dict[frozenset[str], dict[Atom, int]]()
    for atom, factor in extent.terms:
        by_symbols.setdefault(_symbols_of(atom), {})[atom] = factor
    rough = dict[Atom, int]()  # symbols that meet in one atom, long periods: bounded together, not exactly
    for names in [names for names in by_symbols if len(names) > 1]:
        for linked in [other for other in by_symbols if other & names]:
            rough.update(by_symbols.pop(linked))
    low: float = extent.constant
    high: float = extent.constant
    for (name,), terms in by_symbols.items():
        part = Affine(0, tuple(terms.items()))
        period = _period(part)
        if period > _LONGEST_PERIOD:
            rough.update(terms)
            continue
        values: list[int] = [bind(part, {name: x}) for x in range(1, period + 2)]  # type: ignore[misc]
        growth = values.pop() - values[0]
        low += min(values) if growth >= 0 else -math.inf
        high += max(values) if growth <= 0 else math.inf
    if rough:
        rest = _affine(0, rough)
        low, high = low - _above(-rest), high + _above(rest)
    return low, high


def _above(extent: Extent) -> float:
    """An upper bound, by bounding the atoms."""
    constant, slopes = _relax(extent, Fraction(1))
    if any(slope > 0 for slope in slopes.values()):
        return math.inf
    return math.floor(constant + sum(slopes.values()))


def _relax(extent: Extent, factor: Fraction) -> tuple[Fraction, dict[str, Fraction]]:
    """A linear form that is at least `factor * extent`."""
    if isinstance(extent, int):
        return factor * extent, {}
    constant, slopes = factor * extent.constant, dict[str, Fraction]()
    for atom, times in extent.terms:
        f = factor * times
        if isinstance(atom, str):
            more, inner = Fraction(0), {atom: f}
        else:
            more, inner = _relax(atom.value, f / atom.by)
            if f < 0:
                more -= f * Fraction(atom.by - 1, atom.by)
        constant += more
        for name, slope in inner.items():
            slopes[name] = slopes.get(name, Fraction(0)) + slope
    return constant, slopes
