"""Two lists side by side: against every way there is, and against itself."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.analysis.difference import align as module
from netdsl.analysis.difference.align import align

words = st.lists(st.sampled_from("abcAB"), max_size=6)


def likeness(x: str, y: str) -> float:
    """1 for the same letter, a half where only the case differs."""
    return 1.0 if x[0] == y[0] else 0.5 if x[0].lower() == y[0].lower() else 0.0


def numbered(letters: list[str]) -> list[str]:
    return [f"{letter}{i}" for i, letter in enumerate(letters)]


def aligned(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    return align(numbered(old), numbered(new), lambda word: word[0], likeness)


def best(old: list[str], new: list[str]) -> float:
    """The most that any alignment reaches: all of them are tried."""
    return max(
        sum(min(likeness(old[i], new[j]), 1) for i, j in zip(mine, others, strict=True))
        for size in range(min(len(old), len(new)) + 1)
        for mine in combinations(range(len(old)), size)
        for others in combinations(range(len(new)), size)
    )


@given(words, words)
def test_it_is_an_alignment_and_the_best(old: list[str], new: list[str]) -> None:
    pairs = aligned(old, new)
    places = [(int(x[1:]), int(y[1:])) for x, y in pairs]
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(places))
    assert all(likeness(x, y) > 0 for x, y in pairs)
    assert sum(likeness(x, y) for x, y in pairs) == pytest.approx(best(old, new))


def test_of_equal_ones_the_earlier_are_pairs() -> None:
    assert aligned(list("ab"), list("abab")) == [("a0", "a0"), ("b1", "b1")]


@given(words, words)
def test_long_lists_are_aligned_at_what_is_equal(old: list[str], new: list[str]) -> None:
    before, module.LARGEST = module.LARGEST, 3
    try:
        pairs = aligned(old, new)
    finally:
        module.LARGEST = before
    places = [(int(x[1:]), int(y[1:])) for x, y in pairs]
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(places))
    assert all(likeness(x, y) > 0 for x, y in pairs)


def test_a_long_list_with_one_more_in_the_middle() -> None:
    old = [f"{i}." for i in range(3000)]
    new = [*old[:1500], "x.", *old[1500:]]
    pairs = align(old, new, lambda word: word, lambda x, y: float(x == y))
    assert pairs == list(zip(old, old, strict=True))
