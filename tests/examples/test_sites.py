"""The module that `netdsl compile` emits, with its call sites, beside the plain one: on the CPU they are the same to
the bit, in eval and in training, with what batch norms remember.

At a small size (`running.py`): of each family the cheapest network here where it costs little, all others at night.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from netdsl.runtime.proof import draw
from tests.emit.twins import twins
from tests.examples.costs import cheapest, cost
from tests.examples.networks import FAMILIES, ZOO
from tests.examples.running import cheap, images, results, sized

LIMIT = 2 * 10**8  # MACs of one pass forward
CHEAPEST = [network for network in map(cheapest, FAMILIES) if cost(network).macs < LIMIT]


def run_both(network: str, counted: Callable[[str, int], None]) -> None:
    torch.manual_seed(0)
    _, _, shapes, batch, _ = sized(network)
    sites, plain = twins(cheap(network))
    state = draw.weights(sites.state_dict())  # numbers that stay finite through a hundred layers
    sites.load_state_dict(state)
    plain.load_state_dict(state)
    inputs = list(images(shapes, batch).values())
    with torch.no_grad():
        for training in (False, True):
            torch.manual_seed(1)  # dropout
            wanted = results(plain.train(training)(*inputs))
            torch.manual_seed(1)
            found = results(sites.train(training)(*inputs))
            assert len(found) == len(wanted) > 0
            for a, b in zip(found, wanted, strict=True):
                assert b.isfinite().all()
                assert torch.equal(a, b)
    for (name, a), (_, b) in zip(sites.named_buffers(), plain.named_buffers(), strict=True):
        assert torch.equal(a, b), name
    counted("examples whose call sites equal the plain module", 1)


@pytest.mark.parametrize("network", CHEAPEST)
def test_call_sites_equal_the_plain_module(network: str, counted: Callable[[str, int], None]) -> None:
    run_both(network, counted)


@pytest.mark.nightly
@pytest.mark.parametrize("network", [network for network in ZOO if network not in CHEAPEST])
def test_call_sites_equal_the_plain_module_in_all(network: str, counted: Callable[[str, int], None]) -> None:
    run_both(network, counted)
