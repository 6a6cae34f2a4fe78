"""Loops, choices and lets of a constructor, as Python's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from netdsl.emit.classes import Unroll
from netdsl.emit.extents import Extents, extent
from netdsl.emit.settle import Unsettled, plain
from netdsl.emit.template import TChoice, TLet, TLoop, TRegion
from netdsl.expression import (
    After,
    Atom,
    Entry,
    Exit,
    Expr,
    Literal,
    Operation,
    Variable,
    atoms,
    operation,
    provenance,
    substitute,
)

if TYPE_CHECKING:
    from netdsl.emit.constructor import Constructor, Target


class Control:
    def __init__(self, writer: Constructor) -> None:
        self.writer, self.frame, self.plan = writer, writer.frame, writer.plan
        self.extents = Extents(writer.frame, writer.line)
        self.turns: dict[tuple[int, int], dict[Atom, Expr]] = {}  # unrolled loop, turn -> what stood for what in it
        self.arms = 0  # how many choices we are in
        self.unrolling = 0  # how many unrolled loops we are in; a name would mean another number in every turn

    def let(self, step: TLet) -> None:
        variable = Variable(step.first.variable, step.first.site)
        try:
            expr = self.frame.settle([s.value for s in step.occurrences], step.environments, step.first.variable)
        except Unsettled:
            return
        if self.unrolling or (type(expr) is Literal and self.plan.is_network):
            self.frame.replacements[variable] = expr
            return
        if variable in self.plan.used:
            if variable not in self.frame.texts:
                self.frame.texts[variable] = self.frame.local(step.first.variable)
            self.writer.line(f"{self.frame.texts[variable]} = {self.frame.show(expr)}")
            if self.arms:
                self.frame.inner[variable] = substitute(expr, self.frame.inner)
        else:
            self.frame.texts.setdefault(variable, step.first.variable)

    def loop(self, step: TLoop, target: Target) -> None:
        if step.unrolled is not None:
            self._unrolled(step, target)
            return
        if step.body is None:
            self.extents.leave(step, {})
            return
        if step.first.kind == "each":
            raise Unroll(step.first.site)
        names = [self._loop_variable(name, span) for name, span in step.first.variables]
        try:
            carried = self.extents.enter_loop(step)
        except Unsettled:  # an axis that only later turns have
            raise Unroll(step.first.site) from None
        mark = len(self.writer.lines)
        self.writer.line(self._header(step, names))
        self.writer.loops.append(step.first.site)
        self.frame.looped.update(atom for region in step.body.occurrences for atom in region.environment)
        if not self._indented(step.body, target, carried):
            del self.writer.lines[mark:]
        self.writer.loops.pop()
        self.extents.leave(step, carried)

    def _indented(self, body: TRegion, target: Target, carried: dict[int, str]) -> bool:
        """The body of a loop or arm; False where there is nothing to write."""
        mark = len(self.writer.lines)
        self.writer.indent += 1
        self.writer.region(body, target)
        self.extents.leave_iteration(body, carried)
        self.writer.indent -= 1
        return len(self.writer.lines) > mark

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
        if len(names) > 1 and counted(over):
            over = operation("enumerate", Operation("tuple", tuple(Literal(pair[1]) for pair in over.value)))
        if isinstance(over, Operation) and over.operator == "enumerate" and names[:1] == ["_"] and len(names) == 2:
            return f"for {names[1]} in {self.frame.show(over.operands[0])}:"
        return f"for {', '.join(names)} in {self._items(over)}:"

    def _items(self, over: Expr) -> str:
        """The list of a loop, as `range(..)` where it is one."""
        if isinstance(over, Literal) and len(over.value) > 1 and over.value == tuple(range(len(over.value))):
            return f"range({len(over.value)})"
        return self.frame.show(over)

    def _unrolled(self, step: TLoop, target: Target) -> None:
        assert step.unrolled is not None
        self.unrolling += 1
        for turn, region in enumerate(step.unrolled):
            self.frame.replacements.update(self._pinned(step, region, turn))
            self.writer.region(region, target)
            left = [a for a in region.first.environment if isinstance(a, After | Exit) and a in self.frame.texts]
            self.turns[id(step), turn] = {**self.frame.replacements, **self._kept(left, turn)}
        self.unrolling -= 1
        if self.plan.is_network:
            self.frame.freeze(set().union(*(atoms(provenance(s.over)) for s in step.occurrences)))
        self.extents.leave(step, {})

    def _pinned(self, step: TLoop, region: TRegion, turn: int) -> dict[Atom, Expr]:
        """What the loop's own atoms are in one unrolled iteration. What entered it is still over those of the last."""
        pinned: dict[Atom, Expr] = {}
        for atom in region.first.environment:
            if isinstance(atom, Entry) and atom.site == step.first.site:
                values = [extent(r.source, atom.axis) for r in region.occurrences]
                expr = self.frame.settle(values, region.environments, "channels")
                left = [a for a in atoms(expr) if a in region.first.environment]
                pinned[atom] = substitute(expr, self._kept(left, turn - 1))
        for name, span in step.first.variables:
            values = [plain(e.get(Variable(name, span))) for e in region.environments]
            pinned[Variable(name, span)] = self.frame.settle(values, region.environments, name)
        return pinned

    def _kept(self, left: Iterable[Atom], turn: int) -> dict[Atom, Expr]:
        """Atoms for what a turn left, which keep their value when the next turn leaves something of its own."""
        kept: dict[Atom, Expr] = {}
        for atom in left:
            if isinstance(atom, After | Exit):
                same = replace(atom, site=(atom.site, turn))  # type: ignore[arg-type]
                kept[atom] = same
                self.frame.texts[same] = self.frame.texts[atom]
        return kept

    def choice(self, step: TChoice, target: Target) -> None:
        if len({s.arm for s in step.occurrences}) == 1:
            self.frame.freeze_choice(step)
            for arm in step.arms:
                if arm is not None:
                    self.writer.region(arm, target)
            self.extents.leave(step, {})
            return
        condition = self.frame.settle([s.condition for s in step.occurrences], step.environments, "condition")
        moving = self.extents.enter_choice(step)
        moved: dict[Atom, Any] = {}
        parts = [self._arm(arm, target, moving, step.first.site, moved) for arm in step.arms]
        self.frame.stale.update(moved)
        if parts[0]:
            self.writer.line(f"if {self.frame.show(condition)}:")
            self.writer.lines += parts[0]
            if parts[1]:
                self.writer.line("else:")
        elif parts[1]:
            self.writer.line(f"if {self.frame.show(negated(condition))}:")
        self.writer.lines += parts[1]
        self.extents.leave(step, moving)

    def _arm(
        self, arm: TRegion | None, target: Target, moving: dict[int, str], site: Any, moved: dict[Atom, Any]
    ) -> list[str]:
        """The lines of one arm; into `moved` goes what cannot be read after the choice, as this arm changes it."""
        if arm is None:
            return []
        outer, self.writer.lines = self.writer.lines, []
        stale, texts = dict(self.frame.stale), dict(self.frame.texts)
        for atom in [a for a, mover in stale.items() if mover == site]:
            del self.frame.stale[atom]  # inside the arm the old value still stands
        self.arms += 1
        self._indented(arm, target, moving)
        self.arms -= 1
        moved.update((a, mover) for a, mover in self.frame.stale.items() if a in texts and a not in stale)
        self.frame.stale, self.frame.texts = stale, {**self.frame.texts, **texts}
        lines, self.writer.lines = self.writer.lines, outer
        return lines


def counted(over: Expr) -> TypeGuard[Literal]:
    """Whether a literal list is what `enumerate` gives."""
    if not isinstance(over, Literal):
        return False
    return all(len(pair) == 2 and type(pair[0]) is int and pair[0] == i for i, pair in enumerate(over.value))


def negated(condition: Expr) -> Expr:
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    if isinstance(condition, Operation) and condition.operator in opposite:
        return Operation(opposite[condition.operator], condition.operands)
    if isinstance(condition, Operation) and condition.operator == "not":
        return condition.operands[0]
    return Operation("not", (condition,))
