"""The number formats that networks run in, by name."""

from __future__ import annotations

import torch
from torch import Tensor

DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def nearest_tf32(x: Tensor) -> Tensor:
    """float32 numbers rounded to tf32's ten bits behind the point, ties away from zero, as `cvt.rna.tf32.f32` of PTX
    does; still float32. Infinities, NaN and what would become infinite are left as they are.

    Half of the last bit that stays is added, and what is below it cleared: the sign stands apart, so that this is done
    to the magnitude, and a carry goes into the exponent, where it belongs.
    """
    rounded = ((x.contiguous().view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)
    return torch.where(rounded.isfinite() & x.isfinite(), rounded, x)
