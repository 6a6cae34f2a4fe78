"""Blocks in one arena: those that are never needed at once may share its bytes.

Which offsets need the smallest arena is NP-hard (dynamic storage allocation: Garey and Johnson, 1979, SR2). What works
for networks is to place blocks one by one, each into the smallest gap between those that are needed when it is
(Pisarchyk and Lee, 2020, Efficient Memory Management for Deep Neural Net Inference). The order decides how good that
is: several are begun with, and in each the block that came to lie on top is placed earlier the next time (Joslin and
Clements, 1999, Squeaky Wheel Optimization), until nothing is wasted or the rounds are over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Block(NamedTuple):
    """`size` bytes, needed in all steps from `first` to `last`."""

    first: int
    last: int
    size: int


ROUNDS = 50  # of each order
ORDERS: tuple[Callable[[Block], Any], ...] = (
    lambda block: -block.size,  # the largest first
    lambda block: -block.size * (block.last - block.first + 1),  # what takes most room for most time
    lambda block: (block.first - block.last, -block.size),  # the longest needed first
    lambda block: (block.first, -block.size),  # as they are written
)


def arranged(blocks: Sequence[Block]) -> list[int]:
    """An offset for each block, such that none overlap that are needed at once."""
    least = most_at_once(blocks)
    best: list[int] = [0] * len(blocks)
    size: int | None = None
    for by in ORDERS:
        order = sorted(range(len(blocks)), key=lambda i: by(blocks[i]))
        for turn in range(ROUNDS):
            found = _placed(blocks, order)
            ends = [offset + block.size for offset, block in zip(found, blocks, strict=True)]
            end = max(ends, default=0)
            if size is None or end < size:
                best, size = found, end
            if size == least:
                return best
            top = order.index(ends.index(end))
            order.insert(top // 2 if turn % 2 else 0, order.pop(top))
    return best


def most_at_once(blocks: Sequence[Block]) -> int:
    """The most bytes that are needed at once, which no arena can do without."""
    change: dict[int, int] = {}
    for block in blocks:
        change[block.first] = change.get(block.first, 0) + block.size
        change[block.last + 1] = change.get(block.last + 1, 0) - block.size
    live = most = 0
    for step in sorted(change):
        live += change[step]
        most = max(most, live)
    return most


def _placed(blocks: Sequence[Block], order: Sequence[int]) -> list[int]:
    """Each block, in that order, in the smallest gap that holds it between those placed before; else above them."""
    offsets: list[int] = [0] * len(blocks)
    placed: list[tuple[int, int, Block]] = []  # from where to where in the arena
    for i in order:
        block = blocks[i]
        best, room, end = None, None, 0
        for begin, until in sorted((b, u) for b, u, o in placed if o.first <= block.last and block.first <= o.last):
            if begin - end >= block.size and (room is None or begin - end < room):
                best, room = end, begin - end
            end = max(end, until)
        offsets[i] = end if best is None else best
        placed.append((offsets[i], offsets[i] + block.size, block))
    return offsets
