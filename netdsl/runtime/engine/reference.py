"""What the candidates of a task are held against: its fused form in float64, of the first and the last sample.

Of a large convolution that takes longer than all candidates together: there it is three bands of rows, at the edges of
the map and in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from netdsl.ops.conv import Conv
from netdsl.runtime import algebra
from netdsl.runtime.engine.task import Task
from netdsl.runtime.prepared import Prepared
from netdsl.runtime.proof.gates import WRONG, Error, measure, worst

LARGE = 10**8  # multiply-adds from which on only bands are computed: some hundredths of a second on two cores
BAND = 8  # rows


class Reference:
    """The right result of `task` for `sources` and `residual`, all of whose numbers are finite."""

    def __init__(self, task: Task, sources: Sequence[Tensor], residual: Tensor | None) -> None:
        read = [_ends(source).double() for source in sources]
        added = None if residual is None else _ends(residual).double()
        whole = torch.empty((len(read[0]), *task.out.shape[1:]), dtype=torch.float64, device=task.device)
        self.bands = _bands(task.step, read, whole)
        if self.bands:
            self.wanted = [_rows(task.step, read, added, whole, *band) for band in self.bands]
        else:
            algebra.run(task.step, read, added, whole)
            self.wanted = [whole]

    def error(self, found: Tensor) -> Error:
        """How far a result of the whole batch is from the right one; it must not have any NaN."""
        if not found.sum(dtype=torch.promote_types(found.dtype, torch.float32)).isfinite():
            return WRONG
        ends = _ends(found)
        parts = [ends[:, :, first:last] for first, last in self.bands] or [ends]
        return worst(measure(part, wanted) for part, wanted in zip(parts, self.wanted, strict=True))


def _ends(x: Tensor) -> Tensor:
    """The first sample and the last."""
    return x[:: max(1, len(x) - 1)]


def _bands(step: Prepared, sources: Sequence[Tensor], out: Tensor) -> list[tuple[int, int]]:
    """First and last rows, along the first spatial axis; none where all are computed. So they are where the edge is so
    wide that some read nothing but padding."""
    if not isinstance(step.core, Conv) or step.weight is None or step.weight[0].numel() * out.numel() < LARGE:
        return []
    rows, middle = out.shape[2], (out.shape[2] - BAND) // 2
    bands = [(0, BAND), (middle, middle + BAND), (rows - BAND, rows)]
    read = [_read(step, first, last) for first, last in bands]
    inside = all(first < sources[0].shape[2] and last > 0 for first, last in read)
    return bands if rows > 3 * BAND and inside else []


def _read(step: Prepared, first: int, last: int) -> tuple[int, int]:
    """The rows that rows `first` to `last` of a convolution are computed of; they may lie in the padding."""
    windows = step.windows
    assert windows is not None
    stride, (before, _) = windows.stride[0], windows.padding[0]
    return first * stride - before, (last - 1) * stride - before + (windows.kernel[0] - 1) * windows.dilation[0] + 1


def _rows(
    step: Prepared, sources: Sequence[Tensor], residual: Tensor | None, whole: Tensor, first: int, last: int
) -> Tensor:
    """Rows `first` to `last` of a convolution: the same one, of the rows that it reads and what padding is left."""
    windows = step.windows
    assert windows is not None
    begin, end = _read(step, first, last)
    height = sources[0].shape[2]
    padding = (max(0, -begin), max(0, end - height))
    read = [source[:, :, max(0, begin) : min(end, height)] for source in sources]
    out = torch.empty_like(whole[:, :, first:last])
    added = None if residual is None else residual[:, :, first:last]
    algebra.run(replace(step, windows=windows._replace(padding=(padding, *windows.padding[1:]))), read, added, out)
    return out
