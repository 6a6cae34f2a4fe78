"""How a kernel's result is held against the truth: torch's in float64, under one gate for each dtype."""

from __future__ import annotations

import torch
from torch import Tensor

# RMS of the error, and its maximum, over the RMS of the truth. fp32 is the gate of correctness; the others check that
# nothing worse than rounding happened.
GATES = {torch.float32: (5e-6, 1e-4), torch.float16: (1.5e-3, 2e-2), torch.bfloat16: (1e-2, 1.5e-1)}


def assert_close(found: Tensor, truth: Tensor) -> None:
    """`truth` in float64; non-finite elements must stand at the same places and be equal."""
    assert found.shape == truth.shape
    assert truth.dtype is torch.float64
    y = found.double()
    finite = truth.isfinite()
    assert torch.equal(y[~finite].nan_to_num(7.0), truth[~finite].nan_to_num(7.0)), "non-finite elements differ"
    error = (y - truth)[finite]
    size = truth[finite].square().mean().sqrt()
    assert error.isfinite().all(), "not finite where the truth is"
    rms, worst = GATES[found.dtype]
    assert error.square().mean().sqrt() <= rms * size, f"RMS {error.square().mean().sqrt() / size:.2e}"
    assert error.abs().max() <= worst * size, f"maximum {error.abs().max() / size:.2e}"
