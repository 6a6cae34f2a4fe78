"""The engine of random networks, against the reference in float64; its error beside that of the module in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

import netdsl
from netdsl import NetdslError
from netdsl.runtime.engine import Engine
from netdsl.runtime.inputs import inputs_of
from netdsl.runtime.proof.gates import Error, measure, worst
from tests.engine.models import WHOLE
from tests.examples.running import results
from tests.random.legs import Case, case, finite
from tests.random.networks import network as text_of

Counted = Callable[[str, int], None]


def single(found: Case) -> list[Tensor]:
    """The inputs of a case as an engine takes them."""
    arrays = [found.inputs[node.name] for node in inputs_of(found.net.graph)]
    return [torch.from_numpy(array.astype(np.float32) if array.dtype == np.float64 else array) for array in arrays]


def error(outputs: object, wanted: Sequence[Tensor]) -> Error:
    return worst(measure(mine, exact) for mine, exact in zip(results(outputs), wanted, strict=True))


def examine(seed: int, tune: bool) -> bool:
    """Whether there was a network to compare. AssertionError where the engine computes another."""
    text = text_of(seed)
    try:
        found = case(netdsl.compile(text, network="f"), seed)
    except NetdslError:
        return False
    if not finite(found) or any(node.op is not None and node.op.name == "noise" for node in found.net.graph.nodes):
        return False
    module, given = found.module.float(), single(found)
    with torch.no_grad():
        own_outputs = module(*given)
        wanted = results(module.double()(*(x.double() if x.is_floating_point() else x for x in given)))
    own = error(own_outputs, wanted)
    try:
        made = Engine(found.net.graph, module.float(), batch=len(given[0]), tune=tune)
        ours = error(made(*given), wanted)
    except Exception as crash:
        raise AssertionError(f"seed {seed}: {type(crash).__name__}: {crash}\n{text}") from crash
    # Rounding and comparisons make much of little, in the module as in the engine.
    assert ours.over(WHOLE["float32"]) < 1 or ours.rms <= 4 * own.rms, f"seed {seed}: {ours}, torch {own}\n{text}"
    return True


def search(seeds: Iterable[int], counted: Counted, *, tune: bool) -> None:
    compared = [examine(seed, tune) for seed in seeds]
    counted("random networks computed by their engines", sum(compared))
    assert sum(compared) >= 0.75 * len(compared)  # of a hundred it was 83 at the least


def test_engines_of_random_networks(counted: Counted) -> None:
    search(range(40), counted, tune=False)


@pytest.mark.nightly
@pytest.mark.parametrize("chunk", range(10))
def test_tuned_engines_of_many_random_networks(chunk: int, counted: Counted) -> None:
    search(range(2_000_000 + 100 * chunk, 2_000_100 + 100 * chunk), counted, tune=True)
