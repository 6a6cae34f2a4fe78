"""The engine: a network with its weights, made ready to run fast, again and again."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.graph import Graph
from netdsl.ops.op import Classes
from netdsl.passes import run as run_passes
from netdsl.plan.cut import Cut
from netdsl.runtime.device import numbered
from netdsl.runtime.dtypes import name_of
from netdsl.runtime.engine import capture
from netdsl.runtime.engine.arithmetic import arithmetic, computed_in
from netdsl.runtime.engine.building import Builder
from netdsl.runtime.engine.cache import Choices, device_name
from netdsl.runtime.engine.calls import Slots
from netdsl.runtime.engine.catalogue import has_ours
from netdsl.runtime.engine.freshness import Snapshot, StaleEngine
from netdsl.runtime.engine.head import Head, NoHead, Split, cut_for
from netdsl.runtime.engine.machine import floors
from netdsl.runtime.engine.model import weights_of
from netdsl.runtime.engine.passes import passes
from netdsl.runtime.engine.program import Program, memory_bytes
from netdsl.runtime.engine.report import Report, passed, timed
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.engine.tuning import Progress, unheard
from netdsl.runtime.engine.turn import Turn
from netdsl.runtime.folding import Weights
from netdsl.runtime.inputs import inputs_of


class Engine:
    """`engine(x)` is `model(x)` for batches of one size, in one dtype, on one device.

    Calls from several threads, and on a GPU from several streams, are served one after the other. What a call returns
    is the caller's to keep, unless `reuse_outputs` says that the next call may overwrite it.
    """

    def __init__(
        self,
        graph: Graph,
        model: nn.Module,
        *,
        batch: int = 1,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        precision: str = "ieee",
        tune: bool = True,
        reuse_outputs: bool = False,
        progress: Progress = unheard,
    ) -> None:
        self.model, self.batch, self.dtype, self.device = model, batch, dtype, numbered(torch.device(device))
        self.precision, self.tune, self.reuse_outputs = precision, tune, reuse_outputs
        self.computed_in = computed_in(dtype, self.device)
        ours = has_ours(self.device, self.computed_in)
        self.graph = run_passes(graph, passes(ours))
        self._sketch = Sketch(self.graph, batch, self.computed_in, self.device, joins=not ours)
        self._builder = Builder(self.graph, self._sketch, precision)
        self._tails: dict[int, Builder] = {}  # of the networks behind heads, by the number of nodes in these
        self._shapes = [(batch, *node.shape) for node in inputs_of(self.graph)]
        self._dtypes = [torch.int64 if isinstance(node.shape, Classes) else dtype for node in inputs_of(self.graph)]
        self._lock = threading.Lock()
        self._turn = Turn(self.device)
        self.refresh(progress)

    def refresh(self, progress: Progress = unheard) -> None:
        """Pack the weights that the model holds now. What was measured is not measured again."""
        start = time.perf_counter()
        with self._lock, torch.inference_mode(False), torch.no_grad(), self._turn, self._arithmetic():
            snapshot = Snapshot(self.model)
            weights = weights_of(self.graph, self.model, self.device)
            self._choices = Choices(self.device) if self.tune else None
            program = self._built(weights, self._choices, progress)
            self._captured, self.uncaptured = capture.attempted(program, self._builder.inputs)
            self._snapshot, self._program = snapshot, program
            held = program.held() if self._captured is None else [*program.held(), *self._captured.held()]
            self._held = {tensor.untyped_storage().data_ptr() for tensor in held}
        self.seconds = time.perf_counter() - start

    def _built(self, weights: Weights, choices: Choices | None, progress: Progress) -> Program | Split:
        """The program, with a head where that pays: as far as kernels in C compute all steps."""
        found = cut_for(self.graph, self.batch, self.computed_in, self.device)
        while found is not None:
            try:
                head = Head(found.head, self.batch, weights, self.precision)
            except NoHead as step:
                found = cut_for(self.graph, self.batch, self.computed_in, self.device, step.number)
            else:
                self._used = self._tail(found)
                return Split(head, self._used.build(weights, choices, progress, head.outputs))
        self._used = self._builder
        return self._builder.build(weights, choices, progress)

    def _tail(self, cut: Cut) -> Builder:
        length = len(cut.head.nodes)
        if length not in self._tails:
            sketch = Sketch(cut.tail, self.batch, self.computed_in, self.device, joins=False)
            self._tails[length] = Builder(cut.tail, sketch, self.precision)
        return self._tails[length]

    def __call__(self, *inputs: Tensor) -> Any:
        """The output, or a tuple of them.

        Raises ValueError for inputs of another shape, dtype or device, StaleEngine after the weights have changed.
        """
        with self._lock, torch.no_grad():
            if not self._snapshot.holds():
                raise StaleEngine("the model's weights have changed since they were packed: call `engine.refresh()`")
            self._check(inputs)
            with self._turn:
                found = [self._given(output) for output in self._program.outputs(self._run(inputs))]
        return found[0] if len(found) == 1 else tuple(found)

    def _run(self, inputs: Sequence[Tensor]) -> Slots:
        if self._captured is not None:
            return self._captured.run(inputs)
        if self.device.type == "cpu":  # nothing is set there, and each call counts
            return self._program.run(inputs)
        with self._arithmetic():
            return self._program.run(inputs)

    def _arithmetic(self) -> AbstractContextManager[None]:
        return arithmetic(self.device, self.precision)

    def report(self, runs: int = 10) -> Report:
        """What computes each step, how long it takes and how long it would at least; a table as text, or JSON.

        Takes `runs` passes of each kind and a second to learn what the machine can do.
        """
        with self._lock, torch.no_grad(), self._turn, self._arithmetic():
            inputs = self._builder.inputs()
            least = partial(floors, batch=self.batch, dtype=self.computed_in, device=self.device)
            steps = timed(self._program, inputs, runs, least, self._choices)
            whole = passed(self._captured or self._program, inputs, runs)
        return Report(
            network=self.graph.name,
            device=device_name(self.device),
            dtype=name_of(self.dtype),
            batch=self.batch,
            build_seconds=self.seconds,
            measured=self._used.measured,
            weight_bytes=self._program.weight_bytes,
            buffer_bytes=memory_bytes(self._program.memory),
            uncaptured=self.uncaptured,
            runs=runs,
            milliseconds=1e-6 * statistics.median(whole),
            steps=steps,
        )

    def _check(self, inputs: tuple[Tensor, ...]) -> None:
        nodes = inputs_of(self.graph)
        if len(inputs) != len(nodes):
            names = ", ".join(f"`{node.name}`" for node in nodes)
            raise ValueError(f"the network has the inputs {names}, and {len(inputs)} tensors were given")
        for given, shape, dtype, node in zip(inputs, self._shapes, self._dtypes, nodes, strict=True):
            if given.shape != shape or given.dtype is not dtype or _elsewhere(given.device, self.device):
                wanted = f"{list(shape)} of {name_of(dtype)} on {self.device}"
                found = f"{list(given.shape)} of {name_of(given.dtype)} on {given.device}"
                raise ValueError(f"this engine takes {wanted} as `{node.name}`, and not {found}")

    def _given(self, output: Any) -> Any:
        """What the caller gets: a copy of what the engine will write to or read again."""
        if not isinstance(output, Tensor):
            return tuple(map(self._given, output))
        if output.dtype is self.computed_in is not self.dtype:
            return output.to(self.dtype)
        if self.reuse_outputs or output.untyped_storage().data_ptr() not in self._held:
            return output
        return output.clone()

    def __repr__(self) -> str:
        size = f"batch {self.batch}, {name_of(self.dtype)}, {self.device}"
        return f"<netdsl engine of {self.graph.name}: {size}, {len(self._program.lines)} steps>"


def _elsewhere(given: torch.device, wanted: torch.device) -> bool:
    """Whether they are two devices; a CPU has no number."""
    numbers: list[int | None] = [given.index, wanted.index]
    return given.type != wanted.type or (None not in numbers and given.index != wanted.index)
