"""The operator behind call sites: what torch asks of one, and the Triton kernels behind it in the interpreter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from netdsl.kernels import fused, observed
from netdsl.kernels.norm import norm_affine, norm_affine_reference
from netdsl.kernels.operator import FUSED_CONV, in_torch, in_triton
from tests.kernels.gate import assert_close
from tests.sites.layers import maps, plainly, randomised, three

ACTIVATIONS = ["none", "relu", "relu6", "leaky_relu", "silu"]


def arguments(
    shape: tuple[int, ...] = (2, 6, 7, 5),
    out: int = 4,
    kernel: int = 3,
    stride: int = 1,
    padding: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
    norm: bool = True,
    affine: bool = True,
    add: bool = True,
    activation: str = "relu",
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, ...]:
    conv = nn.Conv2d(shape[1], out, kernel, stride, padding, dilation, groups, bias)
    randomised(conv).to(dtype).requires_grad_(False)
    bn = randomised(nn.BatchNorm2d(out, affine=affine)).requires_grad_(False)
    x = maps(*shape, dtype=dtype)
    residual = maps(*conv.float()(x.float()).shape, dtype=dtype) if add else None
    conv.to(dtype)
    statistics = (bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps)
    return (
        *(x, conv.weight, conv.bias, *(statistics if norm else (None, None, None, None, 0.0)), residual),
        *(conv.stride, conv.padding, conv.dilation, conv.groups, activation, 0.2),
    )


def truth(arguments: tuple[Any, ...]) -> Tensor:
    wide: Any = [a.double() if isinstance(a, Tensor) else a for a in arguments]
    return in_torch(*wide)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("left_out", ["", "bias", "norm", "affine", "add"])
def test_torch_finds_no_fault(activation: str, left_out: str) -> None:
    without: Any = {left_out: False} if left_out else {}
    given = arguments(activation=activation, **without)
    assert set(torch.library.opcheck(FUSED_CONV, given).values()) == {"SUCCESS"}


def test_it_refuses_to_be_differentiated() -> None:
    x, *rest = arguments()
    with pytest.raises(RuntimeError, match="has no gradient"):
        FUSED_CONV(x.requires_grad_(), *rest).sum().backward()


def test_under_autocast_it_takes_its_dtype_and_leaves_the_statistics() -> None:
    given = arguments()
    with torch.autocast("cpu", torch.bfloat16):
        found = FUSED_CONV(*given)
    low = [a.bfloat16() if isinstance(a, Tensor) and i in (0, 1, 2, 8) else a for i, a in enumerate(given)]
    assert found.dtype is torch.bfloat16
    assert torch.equal(found, FUSED_CONV(*low))


# ------------------------------------------------------------------------------------------ the kernels behind it


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel = draw(st.sampled_from([1, 2, 3]))
    return {
        "shape": (draw(st.integers(1, 2)), groups * draw(st.integers(1, 9)), draw(st.integers(5, 9)), 6),
        "out": groups * draw(st.integers(1, 9)),
        "kernel": kernel,
        "stride": draw(st.integers(1, 3)),
        "padding": draw(st.integers(0, kernel)),
        "dilation": draw(st.integers(1, 2)),
        "groups": groups,
        "bias": draw(st.booleans()),
        "norm": draw(st.booleans()),
        "affine": draw(st.booleans()),
        "add": draw(st.booleans()),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "dtype": draw(st.sampled_from([torch.float32, torch.float32, torch.float16, torch.bfloat16])),
    }


@settings(max_examples=25)
@given(case=cases())
def test_the_kernels_compute_what_it_means(case: dict[str, Any]) -> None:
    given = arguments(**case)
    found = in_triton(*given)
    assert found.stride() == FUSED_CONV(*given).stride() or 1 in found.shape
    assert_close(found, truth(given))


def test_in_the_reference_every_part_tells() -> None:
    whole = truth(arguments(activation="silu"))
    for part in ("bias", "norm", "affine", "add"):
        without: Any = {part: False}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            first = truth(arguments(activation="silu"))
            torch.manual_seed(0)
            assert not torch.allclose(truth(arguments(activation="silu", **without)), first), part
    assert whole.isfinite().all()


@pytest.mark.parametrize("count", [1, 3, 255, 256, 300])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_the_affine_is_that_of_batch_norm(count: int, affine: bool, bias: bool) -> None:
    mean, gamma, beta, b = torch.randn(4, count)
    variance = torch.rand(count) * torch.tensor([1.0, 1e-6, 1e6]).repeat(100)[:count]
    given: Any = (mean, variance, 1e-3, *((gamma, beta) if affine else (None, None)), b if bias else None)
    wide: Any = [a.double() if isinstance(a, Tensor) else a for a in given]
    wanted = norm_affine_reference(*wide)
    for found, right in zip(norm_affine(*given), wanted, strict=True):
        assert found.dtype is torch.float32
        torch.testing.assert_close(found.double(), right, rtol=1e-6, atol=1e-6 * right.abs().max().item())


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # NumPy's, in the interpreter
def test_a_variance_that_half_precision_cannot_scale_is_no_trouble() -> None:
    x, weight, bias, gamma, beta, mean, variance, _, *rest = arguments(dtype=torch.float16, add=False)
    tiny = torch.full_like(variance, 1e-30)
    given = (x, weight, bias, gamma, beta, mean, tiny, 1e-12, *rest[:-2], "none", 0.0)
    found = in_triton(*given)
    # 1 / sqrt(1e-12) is 1e6: beyond fp16, and so is the result, as torch has it.
    assert torch.equal(found.isinf(), FUSED_CONV(*given).isinf())
    assert found.isinf().any()
    assert not found.isnan().any()


def test_nan_in_a_weight_shows() -> None:
    x, weight, *rest = arguments(activation="relu6")
    weight = weight.clone()
    weight[1, 0, 0, 0] = float("nan")
    found = in_triton(x, weight, *rest)
    assert found[:, 1].isnan().any()
    assert not found[:, 0].isnan().any()
    assert_close(found, truth((x, weight, *rest)))


@pytest.fixture
def kernels(anywhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Call sites run the Triton kernels, on the CPU."""
    monkeypatch.setattr(fused, "FUSED_CONV", in_triton)


def test_a_network_runs_on_the_kernels(kernels: None) -> None:
    module, x = three(), maps(2, 3, 9, 10)
    with torch.no_grad(), observed() as launches:
        found = module(x)
    assert [launch.config.kernel.split("_")[0] for launch in launches] == ["norm", "conv", "norm", "conv", "conv"]
    assert_close(found, plainly(module.double(), x.double()).detach())


def test_a_network_in_bfloat16_runs_on_the_kernels(kernels: None) -> None:
    module, x = three().bfloat16(), maps(2, 3, 9, 10, dtype=torch.bfloat16)
    with torch.no_grad(), observed() as launches:
        found = module(x)
    assert len(launches) == 5
    assert_close(found, plainly(module.double(), x.double()).detach())
