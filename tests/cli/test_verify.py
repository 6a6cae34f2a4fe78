"""`netdsl verify` as a user sees it."""

from __future__ import annotations

import json

import pytest
import torch

from netdsl.runtime import folding

FUSED = """\
net tiny {
  input image: 3x8x8
  output scores = image -> conv: conv(5, 3) -> batch_norm -> relu -> max_pool(2) -> flatten -> fc: linear(7)
}
"""


@pytest.fixture(autouse=True)
def fused_network(here):
    (here / "fused.net").write_text(FUSED)


def test_a_proof_says_what_was_checked_and_the_worst_of_it(netdsl):
    result = netdsl("verify", "fused.net")
    assert result.exit_code == 0, result.output
    head, *rest = result.stdout.splitlines()
    assert head == "tiny: 6 operators in 3 kernels, on cpu"
    text = "\n".join(rest)
    for way in ("algebra float64: 3 checks", "whole network float64: 1 checks", "kernel ieee: 3 checks"):
        assert f"{way}, all passed" in text
    assert "at most 1e-12" in text
    assert "at most 5e-06" in text
    assert not result.stderr  # progress belongs to a terminal


def test_json_has_every_check(netdsl):
    proof = json.loads(netdsl("verify", "fused.net", "--json").stdout)
    assert proof["passed"]
    assert proof["first_failure"] is None
    assert proof["steps"] == 3
    assert proof["operators"] == 6
    assert {check["way"] for check in proof["checks"]} == {"algebra float64", "whole network float64", "kernel ieee"}
    assert all(check["rms"] <= check["gate"]["rms"] for check in proof["checks"])
    assert proof["checks"][0]["label"] == "conv(5, 3) + batch_norm + relu"


def test_a_wrong_step_is_named_with_its_place_and_the_status_is_1(netdsl, monkeypatch):
    right = folding.fold
    monkeypatch.setattr("netdsl.runtime.prepared.fold", lambda *given: (right(*given)[0], 0 * right(*given)[1]))
    result = netdsl("verify", "fused.net")
    assert result.exit_code == 1
    assert (
        "checks failed, the first of them:\n  fused.net:3:34: `conv`, conv(5, 3) + batch_norm + relu" in result.stdout
    )
    proof = json.loads(netdsl("verify", "fused.net", "--json").stdout)
    assert not proof["passed"]
    assert proof["first_failure"]["step"] == "conv"
    assert proof["first_failure"]["place"] == "fused.net:3:34"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_cuda_says_so(netdsl):
    result = netdsl("verify", "fused.net", "--cuda")
    assert result.exit_code == 1
    assert "error[N731]" in result.stderr
    assert not result.stdout


def test_symbolic_inputs_get_a_size(netdsl, here):
    (here / "any.net").write_text("net any { input x: [3, H, W]; output y = x -> conv(4, 3) -> relu -> max_pool(2) }")
    assert netdsl("verify", "any.net").exit_code == 0


def test_kernels_compiled_for_a_gpu_are_not_interpreted(netdsl, monkeypatch):
    monkeypatch.setattr("netdsl.kernels.INTERPRETED", False)
    result = netdsl("verify", "fused.net")
    assert result.exit_code == 1
    assert "error[N735]" in result.stderr


@pytest.mark.parametrize(
    ("triton", "numpy", "runs"), [("3.6.0", "2.4.6", False), ("3.6.0", "2.3.5", True), ("3.10.0", "2.4.6", True)]
)
def test_an_interpreter_that_numpy_outgrew_is_not_asked(netdsl, monkeypatch, triton, numpy, runs):
    from netdsl.runtime import proof

    monkeypatch.setattr(proof, "version", {"triton": triton, "numpy": numpy}.get)
    result = netdsl("verify", "fused.net")
    assert result.exit_code == 0
    assert ("Triton 3.6.0 does not interpret with NumPy 2.4.6: no kernel was run" in result.output) != runs


def test_without_triton_the_algebra_is_proved_and_it_says_so(netdsl, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "triton" else find(name, *rest)
    )
    result = netdsl("verify", "fused.net")
    assert result.exit_code == 0
    assert "kernel ieee" not in result.stdout
    assert "note: Triton is not installed here" in result.stdout
