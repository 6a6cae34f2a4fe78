"""Counts that may depend on the symbols of an input: sums of products of extents, such as `64 + 9·H·(W // 2)`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from netdsl.extent import Extent


@dataclass(frozen=True, slots=True)
class Count:
    """`terms` maps a product of unknown extents, as sorted texts, to its factor; the empty product is a number."""

    terms: dict[tuple[str, ...], int] = field(default_factory=dict)

    @staticmethod
    def product(extents: Iterable[Extent]) -> Count:
        factor, unknown = 1, []
        for extent in extents:
            if isinstance(extent, int):
                factor *= int(extent)
            else:
                unknown.append(str(extent))
        return Count({tuple(sorted(unknown)): factor})

    def __add__(self, other: Count) -> Count:
        terms = dict(self.terms)
        for key, factor in other.terms.items():
            terms[key] = terms.get(key, 0) + factor
        return Count({key: factor for key, factor in terms.items() if factor})

    def times(self, factor: int) -> Count:
        return Count({key: factor * times for key, times in self.terms.items() if factor})

    @property
    def number(self) -> int | None:
        """The count as a number; None where it depends on a symbol."""
        if not self.terms:
            return 0
        return self.terms.get((), 0) if set(self.terms) == {()} else None

    def __bool__(self) -> bool:
        return any(self.terms.values())

    def __str__(self) -> str:
        parts = []
        for key, factor in sorted(self.terms.items(), key=lambda item: (-len(item[0]), item[0])):
            factors = [f"{factor:,}"] if factor != 1 or not key else []
            factors += [name if name.isidentifier() else f"({name})" for name in key]
            parts.append("·".join(factors))
        return " + ".join(parts) or "0"
