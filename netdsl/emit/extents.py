"""The running extents of a constructor: how many channels there are after a loop or an `if`.

Where one expression gives the extent in all instances it stands for it; else a variable carries it along, as a person
would write `channels += growth`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl.emit.frame import Frame
from netdsl.emit.settle import Unsettled, plain, settle
from netdsl.emit.template import TChoice, TLoop, TRegion, TStep
from netdsl.expression import After, Atom, Entry, Expr, Literal, Operation, evaluate
from netdsl.scope import Flow, Tensor


class Extents:
    """`line` writes a statement of the constructor."""

    def __init__(self, frame: Frame, line: Callable[[str], None]) -> None:
        self.frame, self.plan, self.line = frame, frame.plan, line

    def enter_loop(self, step: TLoop) -> dict[int, str]:
        """Settle the extents that enter an iteration; gives the variables that carry them: axis -> name."""
        assert step.body is not None
        site = step.first.site
        wanted = {a.axis for a in self.plan.wanted if isinstance(a, Entry | After) and a.site == site}
        carried: dict[int, str] = {}
        for axis in sorted(wanted):
            entry = Entry(site, axis)
            initial = self._initial(step, axis)
            if self._constant(initial, entry, step.body):
                self.frame.replacements[entry] = initial
            else:
                carried[axis] = self._variable(step, initial, axis)
                self._put(entry, carried[axis])
        return carried

    def leave_iteration(self, body: TRegion, carried: dict[int, str]) -> None:
        """Bring the variables up to date at the end of an iteration, or of an arm. Raises Unsettled."""
        for axis, variable in carried.items():
            values = [extent(r.result, axis) for r in body.occurrences]
            expr = self.frame.settle(values, body.environments, variable)
            self._assign(variable, expr)

    def _assign(self, variable: str, expr: Expr) -> None:
        """`variable = expr`, in the short form where there is one; nothing where it is that already."""
        text = self.frame.show(expr)
        if text == variable:
            return
        if isinstance(expr, Operation) and expr.operator in ("+", "-", "*", "//"):
            first = expr.operands[0]
            if not isinstance(first, Literal | Operation) and self.frame.texts.get(first) == variable:
                self.line(f"{variable} {expr.operator}= {self.frame.show(expr.operands[1])}")
                return
        self.line(f"{variable} = {text}")

    def leave(self, step: TLoop | TChoice, carried: dict[int, str]) -> None:
        """Make known what left a loop or choice."""
        site = step.first.site
        for axis, variable in carried.items():
            self._put(After(site, axis), variable)
            if Entry(site, axis) in self.frame.texts:
                self.frame.stale[Entry(site, axis)] = site
        for after in self._wanted_after(site):
            if after.axis not in carried:
                self._forget(after)
                expr = self._direct(step, after)
                if expr is not None:
                    self.frame.replacements[after] = expr

    def _put(self, atom: Atom, variable: str) -> None:
        """From here on `variable` holds the extent, whatever did in an earlier turn of an unrolled loop."""
        self.frame.texts[atom] = variable
        self.frame.replacements.pop(atom, None)
        self.frame.stale.pop(atom, None)

    def _forget(self, atom: Atom) -> None:
        """What an extent was in an earlier turn of an unrolled loop says nothing about this one."""
        self.frame.texts.pop(atom, None)
        self.frame.replacements.pop(atom, None)

    def enter_choice(self, step: TChoice) -> dict[int, str]:
        """Variables for the extents that one expression cannot give after the choice."""
        moving: dict[int, str] = {}
        for after in self._wanted_after(step.first.site):
            self._forget(after)
            expr = self._direct(step, after)
            if expr is not None:
                self.frame.replacements[after] = expr
            else:
                moving[after.axis] = self._variable(step, self._initial(step, after.axis), after.axis)
        return moving

    # ---------------------------------------------------------------------------------------------------------

    def _wanted_after(self, site: Any) -> list[After]:
        return sorted((a for a in self.plan.wanted if isinstance(a, After) and a.site == site), key=lambda a: a.axis)

    def _initial(self, step: TLoop | TChoice, axis: int) -> Expr:
        starts = [extent(s.source, axis) for s in step.occurrences]
        return self.frame.settle(starts, step.environments, self.plan.first_axis_name(axis))

    def _constant(self, initial: Expr, entry: Entry, body: TRegion) -> bool:
        """Whether what entered the loop enters every iteration."""
        for environment in body.environments:
            try:
                if plain(evaluate(initial, environment)) != plain(environment[entry]):
                    return False
            except (KeyError, ArithmeticError, TypeError):
                return False
        return True

    def _variable(self, step: TStep, initial: Expr, axis: int) -> str:
        """The name of a variable that starts as `initial`; the assignment is left out where it is that already."""
        frame, site = self.frame, step.first.site
        shown = frame.show(initial)
        holders = [a for a, text in frame.texts.items() if text == shown and isinstance(a, Entry | After)]
        if holders and site not in self.plan.separate:
            name = shown
        else:
            name = self._free(self.plan.first_axis_name(axis), separate=site in self.plan.separate)
            self._assign(name, initial)
            holders = [a for a, text in frame.texts.items() if text == name and isinstance(a, Entry | After)]
        for atom in holders:
            frame.stale[atom] = site
        return name

    def _free(self, wanted: str, *, separate: bool) -> str:
        """`wanted` where nothing that still counts is called so."""
        frame = self.frame
        if wanted in frame.carried and not separate:
            return wanted
        name = frame.local(wanted)
        frame.carried.add(name)
        return name

    def _direct(self, step: TLoop | TChoice, after: After) -> Expr | None:
        """The expression that gives in all instances what left, or None."""
        values = [left(s, after.axis) for s in step.occurrences]
        try:
            expr, _ = settle(values, step.environments, self.frame.ready, lambda atom, value: False)
        except Unsettled:
            return None
        if isinstance(expr, Literal) and not all(isinstance(self.frame.origin(v), Literal) for v in values):
            return None
        return expr


def extent(flow: Flow | None, axis: int) -> Any:
    """One extent of a single value; Unsettled for a list of values."""
    if isinstance(flow, Tensor) and axis < len(flow.shape):
        return flow.shape[axis]
    raise Unsettled


def left(step: Any, axis: int) -> Any:
    """The extent of what left one loop or choice, over the frame's atoms."""
    regions = step.iterations if hasattr(step, "iterations") else [step.region] if step.region else []
    return extent(regions[-1].result if regions else step.source, axis)
