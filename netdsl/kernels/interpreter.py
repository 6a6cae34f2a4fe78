"""What Triton's interpreter needs of us: kernels run in it on the CPU, slowly, to be tested."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import triton
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

# Kernels run in the interpreter where TRITON_INTERPRET=1 was set before they were imported.
INTERPRETED: bool = triton.knobs.runtime.interpret


@contextlib.contextmanager
def interpreted(args: dict[str, Any], written: list[Tensor]) -> Iterator[dict[str, Any]]:
    """The arguments with float32 in place of bfloat16, which the interpreter multiplies as integers and truncates.

    Products of bfloat16 are exact in float32, and torch rounds the outputs on the way back, whole storages at a time,
    so that a stray write shows as it would without this.
    """
    import numpy as np  # the interpreter's own language; a GPU needs none of it

    wide: dict[int, Tensor] = {}

    def widen(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(widen, value))
        if isinstance(value, TensorDescriptor):
            return TensorDescriptor(widen(value.base), value.shape, value.strides, value.block_shape, value.padding)
        if not isinstance(value, Tensor) or value.dtype is not torch.bfloat16:
            return value
        key = value.untyped_storage().data_ptr()
        if key not in wide:
            wide[key] = whole_storage(value).float()
        return wide[key].as_strided(value.shape, value.stride(), value.storage_offset())

    with np.errstate(all="ignore"):  # numpy warns of an overflow to infinity, which hardware makes in silence
        yield {name: widen(value) for name, value in args.items()}
    for tensor in written:
        if tensor.dtype is torch.bfloat16:
            whole_storage(tensor).copy_(wide[tensor.untyped_storage().data_ptr()])


def whole_storage(tensor: Tensor) -> Tensor:
    """All that stands in the tensor's storage, in a row."""
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.as_strided((count,), (1,), 0)
