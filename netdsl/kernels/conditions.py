"""When a call site may run the kernel; where any of this does not hold it runs its layers."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules.module import _has_any_global_hook

from netdsl.kernels.operator import result_shape

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
TENSORS = (Tensor, nn.Parameter)  # and nothing derived from them: such tensors bring operators of their own


def on_device(x: Tensor) -> bool:
    """Whether the kernels run where `x` is; the tests let them run on the CPU too."""
    return x.is_cuda


def possible(x: Tensor) -> bool:
    """Whether a kernel may read `x` at all: a real tensor on a GPU, and nobody differentiates, traces or watches."""
    return (
        type(x) is Tensor
        and on_device(x)
        and not torch.is_grad_enabled()
        and not torch.compiler.is_exporting()
        and not _has_any_global_hook()
        and (torch.compiler.is_compiling() or not _watched())
    )


def _watched() -> bool:
    """Whether somebody wants to see torch's own operators: torch.jit, functorch, forward gradients, dispatch modes."""
    return (
        torch._C._is_tracing()
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or forward_ad._current_level >= 0
    )


def fit(x: Tensor, conv: nn.Module, bn: nn.Module | None, residual: Tensor | None) -> bool:
    """Whether the kernel computes what these modules would, for an `x` that is `possible`."""
    return (
        type(conv) is nn.Conv2d
        and bare(conv)
        and conv.padding_mode == "zeros"
        and type(conv.padding) is tuple
        and _alike(conv.weight, x)
        and (conv.bias is None or _alike(conv.bias, x))
        and (bn is None or (type(bn) is nn.BatchNorm2d and bare(bn) and _at_rest(bn, x)))
        and _laid_out(x)
        and (residual is None or (_alike(residual, x) and _laid_out(residual) and _same_shape(residual, x, conv)))
        and _dtype_stays(x)
    )


def bare(module: nn.Module) -> bool:
    """Whether calling the module runs its class's own forward and nothing else."""
    return not (
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or module._compiled_call_impl is not None
        or "forward" in module.__dict__
    )


def _at_rest(bn: nn.BatchNorm2d, x: Tensor) -> bool:
    """Whether a batch norm uses its running statistics, and holds nothing that fp32 would round."""
    if bn.training or bn.running_mean is None or bn.running_var is None:
        return False
    learned: tuple[Tensor | None, ...] = (bn.weight, bn.bias)
    return all(
        t is None or (type(t) in TENSORS and t.dtype in (torch.float32, x.dtype) and t.device == x.device)
        for t in (bn.running_mean, bn.running_var, *learned)
    )


def _alike(tensor: Tensor, x: Tensor) -> bool:
    return type(tensor) in TENSORS and tensor.dtype == x.dtype and tensor.device == x.device


def _laid_out(x: Tensor) -> bool:
    """Whether `x` is a batch of maps whose channels are together in memory."""
    return x.dim() == 4 and x.numel() > 0 and x.is_contiguous(memory_format=torch.channels_last)


def _same_shape(residual: Tensor, x: Tensor, conv: nn.Conv2d) -> bool:
    """Whether a sum broadcasts nothing."""
    padding = cast("tuple[int, ...]", conv.padding)
    return residual.shape == result_shape(x, conv.weight, conv.stride, padding, conv.dilation)


def _dtype_stays(x: Tensor) -> bool:
    """Whether the layers would compute in the dtype of `x`: one that kernels know, and autocast's where it is on."""
    kind = x.device.type
    return x.dtype in DTYPES and (not torch.is_autocast_enabled(kind) or x.dtype == torch.get_autocast_dtype(kind))
