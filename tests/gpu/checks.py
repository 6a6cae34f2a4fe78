"""What the GPU's tests check, on any device: the rehearsal runs the same on the CPU, in Triton's interpreter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import netdsl
from netdsl import Network
from netdsl.kernels import observed
from netdsl.runtime import interpreter
from netdsl.runtime.executor import Executor
from netdsl.runtime.loading import load, network_class
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.cases import cases
from netdsl.runtime.proof.gates import GATES, measure
from netdsl.runtime.proof.isolated import DTYPES, GUARD, prove
from netdsl.runtime.values import channels_together
from netdsl.step import kernels
from tests.fusion import exact
from tests.fusion.texts import text

LAYOUTS = ("contiguous", "channels_last", "sliced")
DEPTH = 10  # a network's errors add up: this many times the gate of one step


def laid_out(x: Tensor, layout: str) -> Tensor:
    """The same numbers as torch lays them out, with the channels together, or as a part of a larger map of NaN."""
    if x.dim() < 3 or layout == "contiguous":
        return x.contiguous()
    if layout == "channels_last":
        return channels_together(x)
    batch, channels, *spatial = x.shape
    around = x.new_full((batch + 1, *(extent + 2 for extent in spatial), channels + 8), torch.nan)
    inner = around[1:]
    for axis, extent in enumerate(spatial, 1):
        inner = inner.narrow(axis, 1, extent)
    return inner.narrow(-1, 8, channels).movedim(-1, 1).copy_(x)


def kernels_alone(seed: int, way: str, device: torch.device, margin: int = GUARD) -> int:
    """Every kernel of a random network by itself; how many there were. `margin` 0 has whole maps, not slices."""
    network = netdsl.compile(text(seed))
    found = cases(network.fused, None)
    for case in found:
        with interpreter.quick():
            error, note = prove(case, way, device, margin)
        said = f"python -m tests.fusion.texts {seed}: {case.like.name}, {case.like.op!r} in {way}: {error} {note}"
        assert error.over(GATES[way]) <= 1, said
    return len(found)


def network_whole(seed: int, way: str, layout: str, device: torch.device) -> None:
    """A random network from input to output, against float64 on the numbers that the format can hold."""
    network = netdsl.compile(text(seed))
    dtype = DTYPES[way]
    state = {
        path: tensor.to(dtype).double() if tensor.is_floating_point() else tensor
        for path, tensor in exact.state_of(network).items()
    }
    given = [
        (tensor / 3).to(dtype) for tensor in draw.inputs([network.graph.nodes[n] for n in network.graph.inputs], 2)
    ]
    with torch.no_grad(), interpreter.quick():
        wanted = exact.leaves(exact.by_nodes(network, state, [tensor.double() for tensor in given]))
        precision = way if dtype is torch.float32 else "ieee"
        executor = Executor(network.fused, state, "kernels", dtype=dtype, device=device, precision=precision)
        found = exact.leaves(executor(*(laid_out(tensor.to(device), layout) for tensor in given)))
    for ours, theirs in zip(found, wanted, strict=True):
        error = measure(ours.cpu(), theirs)
        assert error.rms <= DEPTH * GATES[way].rms, f"python -m tests.fusion.texts {seed} in {way}, {layout}: {error}"


def module_with_call_sites(network: Network, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any, int]:
    """What the emitted module with call sites yields, what the plain one does, and how many kernels of ours ran."""
    modules: list[nn.Module] = []
    for plain in (False, True):
        module = network_class(load(network.source(plain=plain), network.name))()
        module.load_state_dict(draw.weights(module.state_dict()))
        modules.append(module.eval().to(device, dtype, memory_format=torch.channels_last))  # type: ignore[call-overload]
    given = [
        laid_out((tensor / 3).to(device, dtype), "channels_last")
        for tensor in draw.inputs([network.graph.nodes[n] for n in network.graph.inputs], 2)
    ]
    with torch.inference_mode(), interpreter.quick(), observed() as ours:
        fused = modules[0](*given)
    with torch.inference_mode():
        plainly = modules[1].double()(*(tensor.double() for tensor in given))
    return exact.leaves(fused), exact.leaves(plainly), len(ours)


def steps(network: Network) -> int:
    return len(kernels(network.fused))
