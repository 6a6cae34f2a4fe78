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
from netdsl.runtime.proof.gates import WHOLE, WRONG, Error, for_chaos, measure, worst
from netdsl.runtime.proof.reference import SEED
from netdsl.runtime.proof.report import Check

WAY = "whole network float64"


def prove_whole(module: nn.Module, fused: Graph, weights: Weights, inputs: list[Tensor]) -> Iterator[Check]:
    """A check for every output. `module` is in eval mode; its own weights are not used."""
    outputs = [output for output in fused.outputs if not output.aux]
    wanted = _outputs(module, weights, inputs, len(outputs))
    with torch.inference_mode():
        torch.manual_seed(SEED)
        try:
            found: Any = Executor(fused, weights, "algebra", reuse=True)(*inputs)
            note = ""
        except Exception as raised:  # the steps' own checks say more
            found, note = wanted, f"{type(raised).__name__}: {raised}"
    errors = [WRONG if note else _apart(mine, piece) for mine, piece in zip(found, wanted, strict=True)]
    gates = [WHOLE] * len(outputs)
    if not note and any(error.over(WHOLE) > 1 for error in errors):
        moved = _outputs(module, weights, [_rounded_otherwise(x) for x in inputs], len(outputs))
        gates = [for_chaos(_apart(other, piece)) for other, piece in zip(moved, wanted, strict=True)]
    for output, error, gate in zip(outputs, errors, gates, strict=True):
        yield Check(f"output {output.name}", "", str(output.span), WAY, error, gate, note=note)


def _outputs(module: nn.Module, weights: Weights, inputs: list[Tensor], count: int) -> list[Any]:
    """What the module yields at inference."""
    with torch.inference_mode():
        torch.manual_seed(SEED)
        found = torch.func.functional_call(module, dict(weights), tuple(inputs), strict=True)
    several = [found] if count == 1 else found
    return [piece for piece in several if piece is not None]  # what only training yields


def _rounded_otherwise(x: Tensor) -> Tensor:
    return torch.nextafter(x, torch.full_like(x, torch.inf)) if x.is_floating_point() else x


def _apart(found: Any, wanted: Any) -> Error:
    return worst(measure(a, b) for a, b in zip(_leaves(found), _leaves(wanted), strict=True))


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
