"""Networks with weights that prove something: signed everywhere, batch norms far from the identity."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.graph import Graph
from netdsl.runtime.engine import Engine
from netdsl.runtime.engine.program import Program
from netdsl.runtime.inputs import inputs_of
from netdsl.runtime.loading import load, network_class
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES, Error, Gate, measure
from tests.examples.running import results


def model_of(network: Any) -> nn.Module:
    """The plain module in eval mode."""
    module: nn.Module = network_class(load(network.source(plain=True), network.name))().eval()
    weigh(module)
    return module


def weigh(module: nn.Module) -> None:
    drawn = draw.weights(module.state_dict())
    module.load_state_dict({path: tensor.to(module.state_dict()[path].dtype) for path, tensor in drawn.items()})


def program_of(engine: Engine) -> Program:
    """That of an engine which computes all steps for the whole batch."""
    program = engine._program
    assert isinstance(program, Program)
    return program


def inputs(graph: Graph, batch: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    return [x.to(dtype) if x.is_floating_point() else x for x in draw.inputs(inputs_of(graph), batch)]


def truth(model: nn.Module, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What the model yields, computed in float64."""
    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        return results(exact(*(x.double() if x.is_floating_point() else x for x in given)))


def far(found: Any, wanted: Sequence[Tensor]) -> Error:
    """How far the outputs of an engine are from the truth: the worst of them."""
    return max(measure(mine, exact) for mine, exact in zip(results(found), wanted, strict=True))


# Of whole networks, whose errors grow from layer to layer, as the module's own do: looser than those of a step.
WHOLE = {
    "float32": Gate(1e-4, 1e-3),
    "float64": Gate(1e-9, 1e-7),
    "float16": GATES["bfloat16"],
    "bfloat16": Gate(8e-2, 1.0),
}
