"""How a kernel's result is held against the truth: torch's in float64, under one gate for each dtype."""

from __future__ import annotations

import torch
from torch import Tensor

# RMS of the error, and its maximum, over the RMS of the truth. fp32 is the gate of correctness; the others check that
# nothing worse than rounding happened.
TF32 = (1e-3, 1.5e-2)
GATES = {torch.float32: (5e-6, 1e-4), torch.float16: (1.5e-3, 2e-2), torch.bfloat16: (1e-2, 1.5e-1)}


def rms(x: Tensor) -> float:
    return float(x.square().mean().sqrt())


def assert_close(found: Tensor, truth: Tensor, least: float = 1e-3, gate: tuple[float, float] | None = None) -> None:
    """`truth` is float64; what of it is not finite must stand in the same places. `least` bounds the RMS from below."""
    assert truth.dtype is torch.float64
    assert found.shape == truth.shape, f"{tuple(found.shape)} for {tuple(truth.shape)}"
    y = found.double().cpu()
    finite = truth.isfinite()
    assert torch.equal(y[~finite].nan_to_num(7.0), truth[~finite].nan_to_num(7.0)), "non-finite elements differ"
    assert y[finite].isfinite().all(), f"{int((~y[finite].isfinite()).sum())} elements are not finite"
    if not finite.any():
        return
    error, size = (y - truth)[finite], max(least, rms(truth[finite]))
    allowed, worst = gate or GATES[found.dtype]
    assert rms(error) <= allowed * size, f"RMS of the error {rms(error) / size:.1e}, allowed {allowed:.1e}"
    largest = float(error.abs().max())
    assert largest <= worst * size, f"largest error {largest / size:.1e}, allowed {worst:.1e}"
