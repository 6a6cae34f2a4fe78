"""What an executor really launches: our kernels, and torch's operators that compute or copy."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from netdsl import Network
from netdsl.kernels import observed
from netdsl.runtime.executor import Executor
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.whole import skeleton

ALLOCATES = {"aten::empty.memory_format", "aten::empty_strided", "aten::new_empty"}


class Operators(TorchDispatchMode):
    """Collects the names of the operators that launch something: neither views nor allocations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        returned = func._schema.returns
        view = bool(returned) and all(r.alias_info is not None and not r.alias_info.is_write for r in returned)
        if not view and func._schema.name not in {name.partition(".")[0] for name in ALLOCATES}:
            self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def launches(network: Network, *, run: bool = False) -> tuple[int, list[str]]:
    """Kernels of ours, and operators of torch's, in one pass over the smallest inputs that the network takes.

    Without `run` our kernels are counted and not run: what they would compute is not looked at.
    """
    sized = smallest(network.fused)
    assert sized is not None
    (fused,) = sized
    state = skeleton(network.module).state_dict()
    weights = {path: torch.zeros(tensor.shape, dtype=tensor.dtype) for path, tensor in state.items()}  # only counted
    inputs = draw.inputs([fused.nodes[number] for number in fused.inputs], 1)
    executor = Executor(fused, weights, "kernels", dtype=torch.float32)
    with torch.no_grad():
        values = executor.values(inputs)  # what is given is brought into the kernels' layout before the first launch
        with observed(run=run) as ours, Operators() as torchs:
            for node in fused.nodes:
                if node.op is not None:
                    executor.step(node, values)
    return len(ours), torchs.names
