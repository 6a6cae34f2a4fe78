"""The proof that a fused network computes what the network as written does.

Three questions, on random signed numbers and batch norms far from the identity (draw.py), each against torch's own
operators on the network before any pass:

* steps.py: is every step right in its place? Its fused form in float64, on the same numbers as the reference.
* isolated.py: is every kernel right? On a GPU in each precision, else in Triton's interpreter in float32, on maps so
  small that tails and padding are most of them.
* whole.py: is the network right? From input to output in float64.

gates.py says how close is close.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from netdsl.diagnostics import placeless
from netdsl.graph import Graph
from netdsl.ops.op import Classes
from netdsl.runtime.device import kept_random
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.report import Check, Proof
from netdsl.runtime.proof.steps import prove_steps
from netdsl.runtime.proof.whole import prove_whole, skeleton
from netdsl.step import kernels

MOST_MACS = 2**26  # of one kernel in the interpreter
INTERPRETED, ON_GPU = ("ieee",), ("ieee", "tf32", "float16", "bfloat16")


def prove(
    fused: Graph,
    build: Callable[[], nn.Module],
    *,
    cuda: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Proof:
    """Prove `fused`, made by passes of the network that `build` makes the plain module of.

    `cuda` runs the kernels on the GPU in every precision. `tell` hears what is being proved. Raises NetdslError of the
    N7 family where there is no GPU, where the kernels cannot be interpreted, or where no extents can be found.
    """
    origin = fused.plan.origin if fused.plan is not None else fused
    device, ways, notes = _machine(cuda)
    sized = smallest(fused, origin)
    if sized is None:
        given = [origin.nodes[number] for number in origin.inputs]
        shapes = ", ".join(f"`{node.name}` [{', '.join(map(str, node.shape))}]" for node in given)
        raise placeless(
            "N734",
            f"no size was found that suits the inputs {shapes}",
            help="give their sizes, for instance `--input image=3x256x256`",
        )
    small, before = sized
    checks: list[Check] = []
    with kept_random(), torch.no_grad():
        module = skeleton(build)
        weights = draw.weights(module.state_dict())
        inputs = draw.inputs([small.nodes[number] for number in small.inputs], 1 if _large(small) else 2)
        checks += prove_steps(small, before, weights, inputs, lambda name: tell(f"{name}, in float64"))
        tell("the whole network, in float64")
        checks += prove_whole(module, small, weights, inputs)
        del module, weights
        if ways:
            from netdsl.runtime.proof.cases import cases
            from netdsl.runtime.proof.isolated import prove_kernels

            listed = cases(fused if _known(fused) else small, None if cuda else MOST_MACS)
            checks += prove_kernels(listed, ways, device, lambda name, way: tell(f"{name}, its kernel in {way}"))
    return Proof(
        network=origin.name,
        device=torch.cuda.get_device_name(device) if cuda else "cpu",
        steps=len(kernels(fused)),
        operators=sum(node.op is not None for node in origin.nodes),
        checks=tuple(checks),
        notes=notes,
    )


def _machine(cuda: bool) -> tuple[torch.device, tuple[str, ...], tuple[str, ...]]:
    """Where kernels run, in which precisions, and what is to be said about it."""
    if importlib.util.find_spec("triton") is None:
        if cuda:
            raise placeless("N732", "the kernels need the package `triton`", help="pip install 'netdsl[run]'")
        return torch.device("cpu"), (), ("Triton is not installed here: no kernel was run",)
    if cuda:
        from netdsl.runtime.device import gpu

        return gpu(), ON_GPU, ()
    if unfit := _unfit_interpreter(version("triton"), version("numpy")):
        return torch.device("cpu"), (), (f"{unfit}: no kernel was run",)
    if "netdsl.kernels.interpreter" not in sys.modules:
        os.environ["TRITON_INTERPRET"] = "1"  # read when kernels are imported
    from netdsl.kernels import INTERPRETED as interpreted

    if not interpreted:
        raise placeless(
            "N735",
            "the kernels of this process were compiled for a GPU, and cannot be interpreted",
            help="prove them on the GPU, `cuda=True`, or in a process of its own",
        )
    return torch.device("cpu"), INTERPRETED, ()


def _unfit_interpreter(triton: str, numpy: str) -> str | None:
    """Why this version of Triton's interpreter, which turns arrays of one element into numbers, runs no kernel."""
    ours, theirs = ([int(part) for part in text.split(".")[:2]] for text in (triton, numpy))
    return f"Triton {triton} does not interpret with NumPy {numpy}" if ours < [3, 7] and theirs >= [2, 4] else None


def _large(graph: Graph) -> bool:
    """Whether one sample is work enough."""
    macs: list[Any] = [node.op.macs(*graph.operand_shapes(node)) for node in graph.nodes if node.op is not None]
    return int(sum(macs)) > 2**30


def _known(graph: Graph) -> bool:
    return all(
        isinstance(extent, int)
        for number in graph.inputs
        for extent in graph.nodes[number].shape
        if not isinstance(graph.nodes[number].shape, Classes)
    )


__all__ = ["Check", "Proof", "prove"]
