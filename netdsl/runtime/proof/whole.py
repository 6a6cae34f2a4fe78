"""The whole network in float64: the module as emitted against all steps one after the other, each on what the others
made, in memory that they share as the plan has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.graph import Graph
from netdsl.runtime.executor import Executor
from netdsl.runtime.folding import Weights
from netdsl.runtime.proof.gates import WHOLE, WRONG, Error, measure
from netdsl.runtime.proof.reference import SEED
from netdsl.runtime.proof.report import Check

WAY = "whole network float64"


def prove_whole(module: nn.Module, fused: Graph, weights: Weights, inputs: list[Tensor]) -> Iterator[Check]:
    """A check for every output. `module` is in eval mode; its own weights are not used."""
    with torch.inference_mode():
        torch.manual_seed(SEED)
        wanted = torch.func.functional_call(module, dict(weights), tuple(inputs), strict=True)
        outputs = [output for output in fused.outputs if not output.aux]
        pieces = [wanted] if len(outputs) == 1 else list(wanted)
        torch.manual_seed(SEED)
        try:
            found: Any = Executor(fused, weights, "algebra", reuse=True)(*inputs)
            note = ""
        except Exception as raised:  # the steps' own checks say more
            found, note = pieces, f"{type(raised).__name__}: {raised}"
    for output, piece, mine in zip(outputs, pieces, found, strict=True):
        error = WRONG
        if not note:
            pairs = zip(_leaves(mine), _leaves(piece), strict=True)
            error = max((measure(a, b) for a, b in pairs), default=Error(0.0, 0.0))
        yield Check(f"output {output.name}", "", str(output.span), WAY, error, WHOLE, note=note)


def skeleton(build: Callable[[], nn.Module]) -> nn.Module:
    """The module that `build` makes, without memory for what the state_dict holds, in eval mode."""
    with torch.device("meta"):
        module = build()
    held = set(module.state_dict())
    if any(name not in held for name, _ in module.named_buffers()):  # constants of a plugin's
        module = build()
    return module.eval()


def _leaves(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else [leaf for part in value for leaf in _leaves(part)]
