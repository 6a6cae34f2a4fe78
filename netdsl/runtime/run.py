"""Running a network once, as `netdsl run` does: by an engine or by the plain module, without gradients."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl.diagnostics import placeless
from netdsl.graph import Graph
from netdsl.ops.op import Classes
from netdsl.runtime import loading
from netdsl.runtime.device import gpu, kept_random
from netdsl.runtime.dtypes import DTYPES
from netdsl.runtime.engine import Engine
from netdsl.runtime.engine.report import Report
from netdsl.runtime.engine.tuning import Progress, unheard
from netdsl.runtime.image import read_image
from netdsl.runtime.inputs import fixed, inputs_of, random_input
from netdsl.runtime.memory import peak_elements, refuse_unless_it_fits
from netdsl.runtime.weights import load_weights

SEED = 0  # of untrained weights and of random inputs: two runs print the same
RUNS, SECONDS = 20, 2.0  # stop timing at the first of the two, but never before 3 runs


@dataclass(frozen=True, slots=True)
class Ranked:
    """A class index and its probability."""

    index: int
    probability: float


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run. Shapes are with the batch; `milliseconds` is the median of `runs` passes over one batch.

    `top` holds the five likeliest classes of the first sample, where the network has one output and that a vector.
    """

    network: str
    device: str
    dtype: str
    batch: int
    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]
    trained: bool
    top: tuple[Ranked, ...]
    milliseconds: float
    runs: int
    engine: bool
    build_seconds: float  # what making the engine took
    notes: tuple[str, ...]
    report: Report | None = None  # of the engine, where it was asked for

    def json(self) -> dict[str, Any]:
        found = {name: held for name, held in asdict(replace(self, report=None)).items() if name != "report"}
        return found if self.report is None else {**found, "report": self.report.json()}


def run(
    graph: Graph,
    source: str,
    parameters: int,
    *,
    image: Path | None = None,
    weights: Path | None = None,
    batch: int = 1,
    dtype: str = "float32",
    cuda: bool = False,
    plain: bool = False,
    tune: bool = True,
    profile: bool = False,
    progress: Progress = unheard,
) -> Run:
    """Build the emitted `source` of `graph`, whose extents are all known, and run it on `image` or on random numbers.

    An engine runs it, which measures what is the fastest if it may `tune`, or the module itself where `plain`.
    `parameters` is the network's parameter count. Raises NetdslError of the N7 family.
    """
    device = gpu() if cuda else torch.device("cpu")
    for node in inputs_of(graph):
        fixed(node)
    number = DTYPES[dtype]
    width = torch.finfo(number).bits // 8
    # A network is built in float32; a file of weights is held beside it while it is copied, and what an engine packs.
    held = parameters * (4 if plain and weights is None else 8)
    refuse_unless_it_fits(held + batch * peak_elements(graph) * width, device)
    notes: tuple[str, ...] = ()
    with kept_random():
        torch.manual_seed(SEED)
        module = loading.network_class(loading.load(source, graph.name))()
        if weights is not None:
            load_weights(module, weights)
        if image is not None:
            photograph = read_image(image, _image_shape(graph))
            arguments = [photograph.tensor.expand(batch, *photograph.tensor.shape)]
            notes = photograph.notes
        else:
            arguments = [random_input(node, batch) for node in inputs_of(graph)]
    module.eval().to(device=device, dtype=number)
    arguments = [a.to(device=device, dtype=number if a.is_floating_point() else None) for a in arguments]
    engine = (
        None if plain else Engine(graph, module, batch=batch, dtype=number, device=device, tune=tune, progress=progress)
    )
    with torch.inference_mode():
        computes = module if engine is None else engine
        result = computes(*arguments)
        times = list(_times(computes, arguments, device))
    outputs = dict(_named(graph, result))
    return Run(
        network=graph.name,
        device=torch.cuda.get_device_name(device) if cuda else "cpu",
        dtype=dtype,
        batch=batch,
        inputs={node.name: list(a.shape) for node, a in zip(inputs_of(graph), arguments, strict=True)},
        outputs={name: list(tensor.shape) for name, tensor in outputs.items()},
        trained=weights is not None,
        top=_top(graph, outputs),
        milliseconds=1e3 * statistics.median(times),
        runs=len(times),
        engine=engine is not None,
        build_seconds=0.0 if engine is None else engine.seconds,
        notes=notes,
        report=engine.report() if engine is not None and profile else None,
    )


def _image_shape(graph: Graph) -> tuple[int, int, int]:
    inputs = inputs_of(graph)
    if len(inputs) != 1:
        names = ", ".join(f"`{node.name}`" for node in inputs)
        raise placeless("N723", f"the network has {len(inputs)} inputs, {names}, and one image was given")
    shape = fixed(inputs[0])
    if len(shape) != 3 or isinstance(inputs[0].shape, Classes):
        text = "×".join(map(str, shape))
        raise placeless("N723", f"the input `{inputs[0].name}` is {text}, not channels×height×width")
    return shape[0], shape[1], shape[2]


def _times(computes: Callable[..., Any], arguments: list[Tensor], device: torch.device) -> Iterator[float]:
    """Seconds per pass. The pass before this served as the warm-up."""
    begin = time.perf_counter()
    for done in range(RUNS):
        if done >= 3 and time.perf_counter() - begin > SECONDS:
            return
        start = time.perf_counter()
        computes(*arguments)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        yield time.perf_counter() - start


def _named(graph: Graph, result: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors that came out, by name; the parts of a list are `name[0]`, `name[1]`."""
    outputs = [output for output in graph.outputs if not output.aux]
    results = [result] if len(outputs) == 1 else list(result)
    for output, value in zip(outputs, results, strict=True):
        yield from _leaves(output.name, value)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
        return
    for index, part in enumerate(value):
        yield from _leaves(f"{name}[{index}]", part)


def _top(graph: Graph, outputs: dict[str, Tensor]) -> tuple[Ranked, ...]:
    vectors = [tensor for tensor in outputs.values() if tensor.dim() == 2 and tensor.shape[1] > 1]
    if len(outputs) != 1 or not vectors:
        return ()
    scores = vectors[0][0].double()
    last = next(output for output in graph.outputs if not output.aux).value
    op = graph.nodes[last.node].op
    probabilities = scores if op is not None and op.name == "softmax" else scores.softmax(0)
    best = probabilities.topk(min(5, len(probabilities)))
    return tuple(Ranked(int(i), float(p)) for p, i in zip(best.values, best.indices, strict=True))
