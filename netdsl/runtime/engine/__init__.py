"""The engine: the steps of a network with their weights packed, each by what was measured to be the fastest.

passes.py     which passes pay
tasks.py      from the graph that they make to tasks (task.py): what each step reads and writes, and how that lies
catalogue.py  who offers to compute a task: candidates (candidate.py) of native.py, onednn.py and plain.py, and on a
              GPU of triton.py, cudnn.py and cublas.py
checking.py   which of them are right, by float64 (reference.py)
tuning.py     which of those is the fastest; cache.py remembers it, waiting.py knows when a device is done
building.py   all of that in a program (program.py): a flat list of calls (calls.py), kernels in C in series
              (settling.py)
head.py       on a CPU, the first steps of a batch sample by sample, before the program of the others
capture.py    on a GPU, the program in a CUDA graph (graphs.py); turn.py keeps calls apart, arithmetic.py sets torch
engine.py     what users hold: the program, and whether it is still that of the model (freshness.py)
"""

from __future__ import annotations

import torch
from torch import nn

from netdsl.graph import Graph
from netdsl.runtime.device import gpu
from netdsl.runtime.dtypes import DTYPES
from netdsl.runtime.engine.engine import Engine
from netdsl.runtime.engine.freshness import StaleEngine
from netdsl.runtime.engine.tuning import Progress, unheard
from netdsl.runtime.inputs import fixed, inputs_of


def build(
    graph: Graph,
    model: nn.Module,
    batch: int,
    dtype: str,
    device: str,
    *,
    precision: str = "ieee",
    tune: bool = True,
    reuse_outputs: bool = False,
    progress: Progress = unheard,
) -> Engine:
    """An engine of `graph`, a network as it is written, with the weights of `model`.

    Raises NetdslError N731 and N734, and ValueError for what is no batch, dtype or device, and for another model.
    """
    if batch < 1:
        raise ValueError(f"a batch has at least one sample, and not {batch}")
    if dtype not in DTYPES:
        raise ValueError(f"`{dtype}` is no number format: there are {', '.join(DTYPES)}")
    if precision not in ("ieee", "tf32"):
        raise ValueError(f"float32 is multiplied as ieee or tf32 say, and not as {precision}")
    where = torch.device(device)
    if where.type not in ("cpu", "cuda"):
        raise ValueError(f"an engine runs on cpu or cuda, and not on {device}")
    if where.type == "cuda":
        gpu()
        number: int | None = where.index
        where = torch.device("cuda", torch.cuda.current_device() if number is None else number)
    for node in inputs_of(graph):
        fixed(node)
    return Engine(
        graph, model, batch=batch, dtype=DTYPES[dtype], device=where, precision=precision, tune=tune,
        reuse_outputs=reuse_outputs, progress=progress,
    )  # fmt: skip


__all__ = ["Engine", "StaleEngine", "build"]
