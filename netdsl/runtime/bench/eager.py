"""PyTorch as it comes, in the faster of two layouts on the CPU; on a GPU channels_last, which its convolutions want."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender
from netdsl.runtime.bench.torch_contender import torch_contender

LAYOUTS = {torch.contiguous_format: "NCHW", torch.channels_last: "NHWC"}


def ways(case: Case) -> list[Callable[[], Contender]]:
    layouts = [torch.channels_last] if case.device.type == "cuda" else list(LAYOUTS)
    return [partial(_laid_out, case, layout) for layout in layouts]


def _laid_out(case: Case, layout: torch.memory_format) -> Contender:
    return torch_contender(case.copy(memory_format=layout), case.laid_out(layout), case, LAYOUTS[layout])
