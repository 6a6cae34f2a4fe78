"""From weights to a program: each step's task, its candidates, and the one that is taken.

Tasks hold their weights in float64, so there is only one at a time; of those whose candidates are to be measured, all
are made for the first that is like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.runtime.engine import checking, tuning
from netdsl.runtime.engine.cache import Choices
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.catalogue import candidates
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.settling import settle, settles
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.engine.tuning import Progress, Trial
from netdsl.runtime.inputs import inputs_of, random_input
from netdsl.scope import Value
from netdsl.step import walk


class Builder:
    """Makes programs for `sketch`. `chosen` names the candidates taken so far, by the keys of their tasks."""

    def __init__(self, graph: Graph, sketch: Sketch, precision: str) -> None:
        self.graph, self.sketch, self.device, self.precision = graph, sketch, sketch.device, precision
        self.chosen: dict[str, str] = {}
        self.measured = 0  # tasks, so far

    def build(
        self, weights: Mapping[str, Tensor], choices: Choices | None, tell: Progress, given: Sequence[Tensor] = ()
    ) -> Program:
        """The program for `weights`, whose inputs are `given` if they are the same in each pass. What is neither chosen
        nor in `choices` is measured, and remembered there; without choices to keep, nothing is measured."""
        homes: dict[Value, Tensor] = {}
        if settles(self.sketch):
            given = given or self.sketch.rooms(map(Value, self.graph.inputs))
            ends = self.sketch.ends()
            homes = dict(zip(ends, self.sketch.rooms(ends), strict=True))
        program = Program(self.graph, self.sketch, self._as_they_are(weights), given=given, homes=homes)
        trials: dict[str, Trial] = {}
        followers: list[tuple[int, str]] = []  # lines whose task is like one on trial
        for node in self.graph.nodes:
            if node.op is None:
                continue
            if self.sketch.is_view(node):
                program.view(node)
            elif (task := self.sketch.task(node, weights, self.precision)) is None:
                program.by_parts(node)
            elif choices is None or self._is_settled(task, choices):
                program.lines.append(self._line(program, node, task))
            elif task.key in trials:
                followers.append((len(program.lines), task.key))
                program.lines.append(self._line(program, node, task))
            else:
                trials[task.key] = trial = self._trial(program, node, task)
                program.lines.append(trial.lines[0])
        if trials and choices is not None:
            self._measure(program, list(trials.values()), choices, tell)
            for place, key in followers:
                if program.lines[place].kernel != self.chosen[key]:
                    node = program.lines[place].node
                    program.lines[place] = self._line(program, node, self._task(node, weights))
        settle(program)
        return program

    def _task(self, node: Node, weights: Mapping[str, Tensor]) -> Task:
        task = self.sketch.task(node, weights, self.precision)
        assert task is not None
        return task

    def _is_settled(self, task: Task, choices: Choices) -> bool:
        """Whether it is known what computes a task."""
        if task.key in self.chosen:
            return True
        names = [offer.name for offer in candidates(task)]
        found = names[0] if len(names) == 1 else choices.get(task.key, names)
        if found is not None:
            self.chosen[task.key] = found
        return found is not None

    def _line(self, program: Program, node: Node, task: Task) -> Line:
        """A step by the candidate that was chosen for its like, or else by the best guess."""
        offers = candidates(task)
        name = self.chosen.get(task.key)
        offer = next((offer for offer in offers if offer.name == name), offers[0])
        return program.line(node, task, offer, offer.make())

    def _trial(self, program: Program, node: Node, task: Task) -> Trial:
        offers: list[Candidate] = candidates(task)
        out: dict[str, str] = {}
        lines = [program.line(node, task, offer, run) for offer, run in checking.right(task, offers, out)]
        return Trial(task.key, [offer.name for offer in offers], lines, out=out)

    def _measure(self, program: Program, trials: list[Trial], choices: Choices, tell: Progress) -> None:
        """Measure all trials, remembering what is known as soon as it is, and put the winners in their places."""

        def learned(known: Sequence[Trial]) -> None:
            choices.put({trial.key: trial.choice for trial in known})

        tuning.time_in_place(program, trials, self.inputs(), tell, learned)
        places = {id(line): place for place, line in enumerate(program.lines)}
        for trial in trials:
            best = trial.lines[trial.best]
            program.lines[places[id(trial.lines[0])]] = best
            self.chosen[trial.key] = best.kernel
        self.measured += len(trials)

    def _as_they_are(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights of the steps that torch's own operators compute, in the engine's dtype."""
        found: dict[str, Tensor] = {}
        for node in self.graph.nodes:
            if node.number in self.sketch.outs:
                continue
            for part, shapes, _ in walk(self.graph, node):
                for name in (*part.op.weights(*shapes), *part.op.buffers(*shapes)):
                    path = f"{part.owner}.{name}" if name else part.owner
                    tensor = weights[path]
                    found[path] = tensor.to(self.sketch.dtype, copy=True) if tensor.is_floating_point() else tensor
        return found

    def inputs(self) -> list[Tensor]:
        """Random ones, always the same, as steps read them."""
        draws = torch.Generator().manual_seed(checking.SEED)
        found = [random_input(node, self.sketch.batch, draws) for node in inputs_of(self.graph)]
        return [self.sketch.taken(tensor.to(self.device)) for tensor in found]
