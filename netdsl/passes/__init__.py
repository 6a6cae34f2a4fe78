"""Passes: pure functions from a graph to a graph, and the one place that says which run and in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from netdsl.diagnostics import InternalError
from netdsl.graph import Graph
from netdsl.passes.activations import fuse_activations
from netdsl.passes.concats import place_concats
from netdsl.passes.inference import drop
from netdsl.passes.maps import read_maps
from netdsl.passes.norms import fold_norms
from netdsl.passes.order import order_activations
from netdsl.passes.prologues import fuse_prologues
from netdsl.passes.siblings import merge_siblings
from netdsl.passes.sums import fuse_sums
from netdsl.passes.views import mark_views
from netdsl.verify import verify

Pass: TypeAlias = Callable[[Graph], Graph]

PIPELINE: tuple[Pass, ...] = (
    drop,  # first: what is gone reads nothing, and so stands in no fusion's way
    fold_norms,  # before sums and activations, which may follow a norm in a kernel but not precede it
    fuse_sums,  # before activations, for the same reason
    order_activations,  # when it is known what convolutions can still take, and before the activations that it moves
    fuse_activations,
    fuse_prologues,  # after all epilogues: what can follow a convolution is computed once there, not by each reader
    read_maps,  # when what stands between a map and its linear layer is gone
    mark_views,  # when only the flattenings that no layer reads are left
    merge_siblings,  # when all that follows a convolution belongs to it
    place_concats,  # last: it looks at which kernel writes what
)


def run(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Graph:
    """The graph after all passes, verified before the first and after each that changed it.

    Raises InternalError naming the pass that broke the graph, or failed, and those that ran before it.
    """
    verify(graph)
    before: list[str] = []
    for step in passes:
        after = f" after {', '.join(before)}" if before else ""
        stage = f"the pass `{step.__name__}`{after}"
        try:
            graph = step(graph)
        except InternalError as error:
            raise InternalError(f"{stage} failed: {error}", error.details) from error
        verify(graph, stage)
        before.append(step.__name__)
    return graph
