"""Regions for `faster_rcnn.net`: a plugin, that is, operators added from Python.

    netdsl check examples/plugins/faster_rcnn.net --plugin examples.plugins.regions

Both functions have a fixed number of steps whatever the data, so that emitted modules can be exported.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import netdsl
from netdsl.ops.kinds import COUNT
from netdsl.ops.op import Op, OpError, Shape, attr

SIZES, RATIOS = (8, 16, 32), (0.5, 1.0, 2.0)  # of the anchors, in steps; height to width


@netdsl.operator("py.proposals", f"{__name__}:proposals")
class ProposalsOp(Op):
    """The most likely boxes [left, top, right, bottom] of a picture, of those that overlap the likeliest alone.

    Inputs: the anchors' probabilities (9 of background, 9 of object), their offsets (9·4), the picture, for its size.
    """

    inputs = (3, 3)
    operands = ("probabilities", "offsets", "picture")
    count: int = attr(COUNT, "how many boxes come out", default=300)
    step: int = attr(COUNT, "pixels from one point of the maps to the next", default=16)

    def infer(self, probabilities: Shape, offsets: Shape, picture: Shape) -> Shape:
        anchors = len(SIZES) * len(RATIOS)
        if (probabilities[0], offsets[0]) != (2 * anchors, 4 * anchors):
            raise OpError(f"`{self.name}` has {anchors} anchors: it takes {2 * anchors} and {4 * anchors} maps")
        return self.count, 4

    def receptive_field(self, rank: int) -> None:
        return None


@netdsl.operator("py.roi_pool", f"{__name__}:roi_pool")
class RoiPoolOp(Op):
    """Each box's part of the maps, cut into size×size windows, and the largest value in each (Girshick, 2015)."""

    inputs = (2, 2)
    operands = ("x", "boxes")
    size: int = attr(COUNT, "windows along each axis")
    step: int = attr(COUNT, "pixels from one point of the maps to the next", default=16)

    def infer(self, x: Shape, boxes: Shape) -> Any:
        if len(x) != 3 or len(boxes) != 2:
            raise OpError(f"`{self.name}` takes maps and boxes")
        return boxes[0], x[0], self.size, self.size

    def receptive_field(self, rank: int) -> None:
        return None


def anchors_of(step: int) -> Tensor:
    """The nine boxes around the first point, [9, 4], as py-faster-rcnn rounds them."""
    found = []
    for ratio in RATIOS:
        width = round((step * step / ratio) ** 0.5)
        height = round(width * ratio)
        for size in SIZES:
            w, h = (width * size - 1) / 2, (height * size - 1) / 2
            found.append(((step - 1) / 2 - w, (step - 1) / 2 - h, (step - 1) / 2 + w, (step - 1) / 2 + h))
    return torch.tensor(found)


@torch.no_grad()
def proposals(
    probabilities: Tensor, offsets: Tensor, picture: Tensor, *, count: int, step: int, overlap: float = 0.7
) -> Tensor:
    """Move the anchors by their offsets, then take the likeliest box, drop what overlaps it, and so on: [n, count, 4].

    As py-faster-rcnn does at test: no box under 16 pixels, of the 6000 likeliest. Where fewer are left, they repeat.
    """
    rows, columns = probabilities.shape[-2:]
    height, width = picture.shape[-2:]
    x = torch.arange(columns, device=offsets.device) * step
    y = torch.arange(rows, device=offsets.device) * step
    corner = torch.stack([x.expand(rows, -1), y[:, None].expand(-1, columns)] * 2, -1)  # [rows, columns, 4]
    anchors = (corner[:, :, None] + anchors_of(step).to(offsets)).flatten(0, 2)
    moves = offsets.reshape(len(offsets), -1, 4, rows, columns).permute(0, 3, 4, 1, 2).flatten(1, 3)  # [n, all, 4]
    score = probabilities[:, offsets.shape[1] // 4 :].permute(0, 2, 3, 1).flatten(1)

    size = anchors[:, 2:] - anchors[:, :2] + 1
    center = anchors[:, :2] + 0.5 * size + moves[..., :2] * size
    half = 0.5 * size * moves[..., 2:].exp()
    boxes = torch.cat([center - half, center + half], -1)
    limit = torch.tensor([width - 1, height - 1] * 2).to(boxes)
    boxes = torch.minimum(boxes, limit).clamp(min=0)
    small = ((boxes[..., 2:] - boxes[..., :2] + 1) < 16).any(-1)

    score, best = score.masked_fill(small, -1).topk(min(6000, score.shape[1]))
    boxes = boxes.gather(1, best[..., None].expand(-1, -1, 4))
    area = (boxes[..., 2:] - boxes[..., :2] + 1).prod(-1)
    taken = []
    for _ in range(count):
        first = score.argmax(1, keepdim=True)
        box = boxes.gather(1, first[..., None].expand(-1, -1, 4))
        taken.append(box)
        shared = torch.minimum(box[..., 2:], boxes[..., 2:]) - torch.maximum(box[..., :2], boxes[..., :2]) + 1
        common = shared.clamp(min=0).prod(-1)
        score = score.masked_fill(common > overlap * (area + area.gather(1, first) - common), -2)
    return torch.cat(taken, 1)


def roi_pool(x: Tensor, boxes: Tensor, *, size: int, step: int) -> Tensor:
    """x[n, c, h, w] and boxes[n, r, 4] in pixels of the picture give [n, r, c, size, size]; an empty window gives 0.
    The boxes must lie in the picture, as proposals do.

    A window's largest value is that of four squares (or so) inside it that cover it and have powers of two as sides:
    `tables` has them all, those of one shape after the other.
    """
    height, width = x.shape[2:]
    corners = (boxes / step + 0.5).floor().long()
    down = _windows(corners[..., 1], corners[..., 3], height, size)  # each [n, r, size]
    across = _windows(corners[..., 0], corners[..., 2], width, size)
    tables, wide = [], x
    levels = [max(2, -(-extent // size) + 1).bit_length() for extent in (height, width)]
    for power in range(levels[1]):
        tall = wide
        for other in range(levels[0]):
            tables.append(tall.flatten(2))
            tall = _doubled(tall, 1 << other, 2)
        wide = _doubled(wide, 1 << power, 3)
    table = torch.cat(tables, 2)

    top, bottom, tall_level, some_rows = (part[..., :, None] for part in down)
    left, right, wide_level, some_columns = (part[..., None, :] for part in across)
    start = (wide_level * levels[0] + tall_level) * (height * width)
    places = [(start + row * width + column).flatten(1) for row in (top, bottom) for column in (left, right)]
    found = torch.stack([table.gather(2, place[:, None].expand(-1, x.shape[1], -1)) for place in places]).amax(0)
    found = found.reshape(*x.shape[:2], -1, size, size) * (some_rows & some_columns)[:, None]
    return found.transpose(1, 2)


def _windows(low: Tensor, high: Tensor, extent: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For each of `size` windows from `low` to `high`: where the first and the last stretch of 2**level points begin
    that lie in it, the largest such level, and whether the window holds anything."""
    i = torch.arange(size, device=low.device)
    low, length = low[..., None], (high - low + 1).clamp(min=1)[..., None]
    begin = (low + i * length // size).clamp(0, extent)
    end = (low + ((i + 1) * length + size - 1) // size).clamp(0, extent)
    points = (end - begin).clamp(min=1)
    level = torch.tensor([n.bit_length() - 1 for n in range(1, extent + 1)], device=low.device)[points - 1]
    first = begin.clamp(max=extent - 1)
    return first, first + points - (1 << level), level, end > begin


def _doubled(x: Tensor, points: int, axis: int) -> Tensor:
    """The larger of each point and the one `points` further along; the last ones stay, and are not asked for."""
    count = x.shape[axis] - points
    if count <= 0:
        return x
    larger = torch.maximum(x.narrow(axis, 0, count), x.narrow(axis, points, count))
    return torch.cat([larger, x.narrow(axis, count, points)], axis)
