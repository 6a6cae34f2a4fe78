"""The GPU's checks on the CPU, in the interpreter: so that they are known to run before a GPU is at hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import netdsl
from netdsl.kernels import Launch, launch
from netdsl.runtime.proof import isolated
from netdsl.runtime.proof.cases import cases
from netdsl.runtime.proof.gates import GATES, measure
from netdsl.runtime.proof.isolated import DTYPES
from tests.gpu import checks

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: the tests themselves run")


@pytest.mark.parametrize("way", DTYPES)
def test_every_kernel_of_a_random_network(way):
    assert checks.kernels_alone(2, way, CPU) > 3
    assert checks.kernels_alone(2, way, CPU, margin=0) > 3


@pytest.mark.parametrize(("way", "layout"), tuple(zip(DTYPES, (*checks.LAYOUTS, "sliced"), strict=True)))
def test_a_random_network_whole(way, layout):
    checks.network_whole(3, way, layout, CPU)


@pytest.mark.parametrize("layout", checks.LAYOUTS)
def test_layouts_hold_the_same_numbers(layout):
    x = torch.randn(2, 3, 5, 7)
    laid = checks.laid_out(x, layout)
    assert torch.equal(laid, x)
    assert laid.is_contiguous() == (layout == "contiguous")
    assert (laid.stride(1) == 1) == (layout != "contiguous")


def test_an_emitted_module():
    network = netdsl.compile("net f { input x: 3x9x9; output y = x -> conv(4, 3) -> batch_norm -> relu }")
    fused, plain, launched = checks.module_with_call_sites(network, CPU, torch.float32)
    assert launched == 0  # on the CPU the layers themselves run
    assert measure(fused[0], plain[0]).over(GATES["ieee"]) <= 1


def test_a_wrong_kernel_is_seen(monkeypatch):
    from netdsl.runtime import launchers

    right = launchers.weights
    monkeypatch.setattr(launchers, "weights", lambda *given: (right(*given)[0] * 1.01, right(*given)[1]))
    with pytest.raises(AssertionError, match=r"tests\.fusion\.texts 2"):
        checks.kernels_alone(2, "ieee", CPU)
    with pytest.raises(AssertionError, match=r"tests\.fusion\.texts 3"):
        checks.network_whole(3, "ieee", "sliced", CPU)


def test_kernels_are_compiled_at_once_before_they_are_proved(monkeypatch):
    network = netdsl.compile(
        "net f { input x: 3x9x9; output y = x -> conv(4, 3) -> relu -> max_pool(3) -> conv(2, 1) }"
    )
    compiled: list[Launch] = []
    monkeypatch.setattr(launch, "compile_ahead", compiled.extend)
    monkeypatch.setattr(isolated, "prove", prove_but_the_first(isolated.prove))
    isolated._compile_together(cases(network.fused, None), "ieee", CPU)
    assert [each.config.kernel for each in compiled] == ["pool", "conv_pointer"]
    assert all(bool(written.isnan().all()) for each in compiled for written in each.written())  # none was run


def prove_but_the_first(prove: Any) -> Any:
    """One that cannot be proved keeps no other from being compiled."""
    first = iter([True])

    def found(*given: Any) -> Any:
        if next(first, False):
            raise RuntimeError("no")
        return prove(*given)

    return found
