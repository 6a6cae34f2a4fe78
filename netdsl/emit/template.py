"""Many instances of one definition seen as one: the traces of all its calls laid over each other.

Instances of a definition have steps that correspond position by position (see `netdsl.scope`), so their common
template is the trace with every step replaced by the list of its occurrences. Values that differ between occurrences
are settled later, by finding an expression that is right in all of them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from netdsl.expression import Atom
from netdsl.ops.op import Call, Code
from netdsl.scope import Apply, Bind, Choice, Group, Invoke, Join, Let, Loop, Ref, Region, Share, Step

Environment: TypeAlias = Mapping[Atom, Any]


class Mismatch(Exception):
    """Occurrences that cannot share one template; `loop` is the site of a loop whose own iterations cannot."""

    def __init__(self, loop: Any = None) -> None:
        self.loop = loop


@dataclass(eq=False, slots=True)
class TRegion:
    occurrences: list[Region]
    environments: list[Environment]
    steps: list[TStep] = field(default_factory=list)

    @property
    def first(self) -> Region:
        return self.occurrences[0]

    @property
    def chain(self) -> bool:
        return self.first.chain


@dataclass(eq=False, slots=True)
class TStep:
    """`occurrences[i]` happened in `environments[i]`."""

    occurrences: list[Any]
    environments: list[Environment]

    @property
    def first(self) -> Any:
        return self.occurrences[0]

    @property
    def names(self) -> list[str]:
        return [step.name for step in self.occurrences]


@dataclass(eq=False, slots=True)
class TApply(TStep):
    """`calls` and `codes` are the module and the function of every occurrence (None where there is none)."""

    calls: list[Call | None]
    codes: list[Code | None]


@dataclass(eq=False, slots=True)
class TInvoke(TStep):
    pass


@dataclass(eq=False, slots=True)
class TLet(TStep):
    pass


@dataclass(eq=False, slots=True)
class TBind(TStep):
    pass


@dataclass(eq=False, slots=True)
class TShare(TStep):
    pass


@dataclass(eq=False, slots=True)
class TGroup(TStep):
    region: TRegion


@dataclass(eq=False, slots=True)
class TLoop(TStep):
    """`body` lays all iterations over each other (None if there never was one); `unrolled` keeps them apart, and is
    None where the occurrences have different counts."""

    body: TRegion | None
    unrolled: list[TRegion] | None


@dataclass(eq=False, slots=True)
class TChoice(TStep):
    arms: tuple[TRegion | None, TRegion | None]


@dataclass(eq=False, slots=True)
class TJoin(TStep):
    region: TRegion
    apply: TApply


class Laying:
    """Lays traces over each other and remembers which template part each step and region became."""

    def __init__(self, unroll: frozenset[Any], class_of: Any) -> None:
        self.unroll, self.class_of = unroll, class_of
        self.part: dict[int, TStep | TRegion] = {}

    def region(self, regions: Sequence[Region], environments: Sequence[Environment]) -> TRegion:
        inner = [ChainMap(r.environment, e) for r, e in zip(regions, environments, strict=True)]  # type: ignore[arg-type]
        laid = TRegion(list(regions), list(inner))
        for r in regions:
            self.part[id(r)] = laid
        first = regions[0]
        for r in regions:
            if len(r.steps) != len(first.steps) or r.chain != first.chain or r.tensors.keys() != first.tensors.keys():
                raise Mismatch
        laid.steps = [self.step([r.steps[i] for r in regions], inner) for i in range(len(first.steps))]
        return laid

    def step(self, steps: list[Step], environments: Sequence[Environment]) -> TStep:
        kind = type(steps[0])
        if any(type(s) is not kind for s in steps):
            raise Mismatch
        laid = self._lay(steps, list(environments))
        for s in steps:
            self.part[id(s)] = laid
        return laid

    def _lay(self, steps: list[Any], environments: list[Environment]) -> TStep:
        match steps[0]:
            case Apply():
                return self._apply(steps, environments)
            case Invoke():
                return self._invoke(steps, environments)
            case Group():
                return TGroup(steps, environments, self.region([s.region for s in steps], environments))
            case Loop():
                return self._loop(steps, environments)
            case Choice():
                return self._choice(steps, environments)
            case Join():
                return self._join(steps, environments)
            case Let():
                return TLet(steps, environments)
            case Bind():
                return TBind(steps, environments)
            case Share():
                return TShare(steps, environments)
        raise TypeError(f"a trace holds no {type(steps[0]).__name__}")

    def _apply(self, steps: list[Apply], environments: list[Environment]) -> TStep:
        first = steps[0]
        for s in steps:
            if type(s.op) is not type(first.op) or len(s.operands) != len(first.operands):
                raise Mismatch
            if bool(s.owner) != bool(first.owner):
                raise Mismatch
        shapes = [tuple(t.shape for t in s.operands) for s in steps]
        calls = [s.op.module(*x) for s, x in zip(steps, shapes, strict=True)]
        codes = [s.op.expr(*x) for s, x in zip(steps, shapes, strict=True)]
        return TApply(steps, environments, calls, codes)

    def _invoke(self, steps: list[Invoke], environments: list[Environment]) -> TStep:
        if len({self.class_of(s) for s in steps}) > 1:
            raise Mismatch
        return TInvoke(steps, environments)

    def _loop(self, steps: list[Loop], environments: list[Environment]) -> TStep:
        count = len(steps[0].iterations)
        same = all(len(s.iterations) == count for s in steps)
        if steps[0].site in self.unroll:
            if not same:
                raise Mismatch
            unrolled = [self.region([s.iterations[i] for s in steps], environments) for i in range(count)]
            return TLoop(steps, environments, None, unrolled)
        pairs = [(r, e) for s, e in zip(steps, environments, strict=True) for r in s.iterations]
        try:
            body = self.region([r for r, _ in pairs], [e for _, e in pairs]) if pairs else None
        except Mismatch as mismatch:
            raise self._blamed(mismatch, steps, environments) from None
        return TLoop(steps, environments, body, None)

    def _blamed(self, mismatch: Mismatch, steps: list[Loop], environments: list[Environment]) -> Mismatch:
        """The mismatch of a loop's bodies, with the loop where already the iterations of one run do not agree."""
        for step, environment in zip(steps, environments, strict=True):
            if len(step.iterations) < 2:
                continue
            try:
                self.region(step.iterations, [environment] * len(step.iterations))
            except Mismatch as inner:
                return inner if inner.loop is not None else Mismatch(steps[0].site)
        return mismatch

    def _choice(self, steps: list[Choice], environments: list[Environment]) -> TStep:
        arms: list[TRegion | None] = []
        for arm in (0, 1):
            pairs = [(s.region, e) for s, e in zip(steps, environments, strict=True) if s.arm == arm and s.region]
            arms.append(self.region([r for r, _ in pairs], [e for _, e in pairs]) if pairs else None)
        return TChoice(steps, environments, (arms[0], arms[1]))

    def _join(self, steps: list[Join], environments: list[Environment]) -> TStep:
        region = self.region([s.entry for s in steps], environments)
        apply = self.step([s.apply for s in steps], environments)
        assert isinstance(apply, TApply)
        return TJoin(steps, environments, region, apply)

    def resolve(self, ref: Ref) -> tuple[int, tuple[int | str, ...]]:
        """The template part that `ref` names, by identity, with its part."""
        return id(self.part[id(ref.source)]), ref.part
