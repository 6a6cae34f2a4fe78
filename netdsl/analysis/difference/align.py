"""Two lists side by side: which element of one is which of the other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

T = TypeVar("T")

LARGEST = 250_000
"""Pairs that are compared one by one; of longer lists the equal stretches are found first."""


def align(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable], likeness: Callable[[T, T], float]
) -> list[tuple[T, T]]:
    """The pairs, in the order of both lists, whose likenesses add up to most.

    `key` is equal for what is alike in every respect. Pairs whose likeness is 0 are none. This is the alignment of
    Needleman and Wunsch (1970) without a cost for gaps; of equally good ones, that which pairs earlier elements.
    """
    a, b = [key(x) for x in old], [key(x) for x in new]
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    pairs = list(zip(old[:head], new[:head], strict=True))
    pairs += _middle(old[head : len(old) - tail], new[head : len(new) - tail], key, likeness)
    if tail:
        pairs += zip(old[-tail:], new[-tail:], strict=True)
    return pairs


def _middle(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable], likeness: Callable[[T, T], float]
) -> Iterator[tuple[T, T]]:
    if not old or not new:
        return
    if len(old) * len(new) <= LARGEST:
        yield from _best(old, new, likeness)
        return
    a = b = 0
    matcher = SequenceMatcher(None, [key(x) for x in old], [key(x) for x in new], autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        if size or (a, b) != (0, 0):  # where nothing at all is equal, so much is not compared
            if (i - a) * (j - b) <= LARGEST:
                yield from _best(old[a:i], new[b:j], likeness)
            yield from zip(old[i : i + size], new[j : j + size], strict=True)
        a, b = i + size, j + size


def _best(old: Sequence[T], new: Sequence[T], likeness: Callable[[T, T], float]) -> list[tuple[T, T]]:
    like = [[likeness(x, y) for y in new] for x in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]  # of what stands from here on
    for i in reversed(range(len(old))):
        row, below = best[i], best[i + 1]
        for j in reversed(range(len(new))):
            paired = below[j + 1] + like[i][j] if like[i][j] else 0.0
            row[j] = max(paired, below[j], row[j + 1])
    pairs = []
    i = j = 0
    while i < len(old) and j < len(new):
        if like[i][j] and best[i][j] == best[i + 1][j + 1] + like[i][j]:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
