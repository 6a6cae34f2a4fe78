"""Affine extents against brute force over the values of their symbols."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.expression import ARITHMETIC, Number, Variable
from netdsl.extent import Affine, NotAffine, at_most, bind, bounds, divides, same, surely_more, symbol, symbols
from netdsl.source import Source

H, W = symbol("H"), symbol("W")

# A recipe is a nested tuple; `build` makes the extent, `compute` the number.
LEAVES = st.sampled_from(["H", "W"]) | st.integers(-9, 9)
RECIPES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-"), inner, inner),
        st.tuples(st.just("*"), inner, st.integers(-4, 4)),
        st.tuples(st.sampled_from(["//", "%"]), inner, st.integers(1, 6)),
    ),
    max_leaves=8,
)
ONE = RECIPES.map(lambda r: _only_h(r))


def _only_h(recipe: Any) -> Any:
    if isinstance(recipe, tuple):
        return (recipe[0], *(_only_h(r) for r in recipe[1:]))
    return "H" if recipe == "W" else recipe


def compute(recipe: Any, values: dict[str, Any]) -> Any:
    """The recipe's value by Python's own arithmetic; an extent, where `values` holds symbols."""
    if isinstance(recipe, str):
        return values[recipe]
    if isinstance(recipe, int):
        return recipe
    sign, *operands = recipe
    a, b = (compute(r, values) for r in operands)
    return ARITHMETIC[sign](a, b)


SYMBOLS = {"H": H, "W": W}


@given(RECIPES)
def test_arithmetic_means_what_it_means_for_numbers(recipe: Any) -> None:
    extent = compute(recipe, SYMBOLS)
    for h in range(1, 9):
        for w in (1, 2, 5, 12):
            assert bind(extent, {"H": h, "W": w}) == compute(recipe, {"H": h, "W": w})


@given(RECIPES)
def test_what_is_printed_is_netdsl_and_means_the_same(recipe: Any) -> None:
    extent = compute(recipe, SYMBOLS)
    for h, w in ((1, 1), (7, 4), (12, 9)):
        assert eval(str(extent), {"H": h, "W": w}) == compute(recipe, {"H": h, "W": w})


@given(RECIPES)
def test_binding_one_symbol_leaves_the_other(recipe: Any) -> None:
    extent = compute(recipe, SYMBOLS)
    half = bind(extent, {"H": 5})
    assert symbols(half) <= {"W"}
    assert bind(half, {"W": 3}) == compute(recipe, {"H": 5, "W": 3})


@given(ONE, ONE)
def test_one_symbol_is_decided_exactly(left: Any, right: Any) -> None:
    """Bounds over all sizes are the extremes over a long stretch, infinite where these go on growing."""
    a, b = compute(left, SYMBOLS), compute(right, SYMBOLS)
    differences = [compute(left, {"H": h}) - compute(right, {"H": h}) for h in range(1, 600)]
    low, high = bounds(a - b)
    tail = differences[300:]
    assert low == min(differences) or (low == float("-inf") and min(tail) < min(differences[:300]))
    assert high == max(differences) or (high == float("inf") and max(tail) > max(differences[:300]))
    assert at_most(a, b) == (high <= 0)
    assert surely_more(a, b) == (low > 0)
    assert same(a, b) == (set(differences) == {0})


@given(RECIPES, RECIPES)
def test_two_symbols_are_never_decided_wrongly(left: Any, right: Any) -> None:
    a, b = compute(left, SYMBOLS), compute(right, SYMBOLS)
    low, high = bounds(a - b)
    for h in range(1, 14):
        for w in (1, 2, 3, 5, 8, 13):
            d = compute(left, {"H": h, "W": w}) - compute(right, {"H": h, "W": w})
            assert low <= d <= high


@given(RECIPES, RECIPES)
def test_equal_forms_hash_alike_and_pickle(left: Any, right: Any) -> None:
    a, b = compute(left, SYMBOLS), compute(right, SYMBOLS)
    if a == b:
        assert hash(a) == hash(b)
        assert str(a) == str(b)
    assert pickle.loads(pickle.dumps(a)) == a


@pytest.mark.parametrize(
    ("extent", "text"),
    [
        (H // 2 // 2 // 2 // 2, "H // 16"),
        ((H - 1) // 2 + 1, "(H + 1) // 2"),
        (8 * H, "8*H"),
        (8 * H // 4, "2*H"),
        ((8 * H + 3) // 16, "H // 2"),
        ((8 * H + 8) // 16, "(H + 1) // 2"),
        (H - W + 1, "H - W + 1"),
        (2 * (H // 2) - 1, "2*(H // 2) - 1"),
        ((H // 3 + 5) // 4, "(H + 3) // 12 + 1"),
        ((H + W) // 2, "(H + W) // 2"),
        (-H, "-H"),
        (-(H // 2), "-(H // 2)"),
        (-3 * (H // 2) - 1, "-(3*(H // 2)) - 1"),
        (W - H // 2, "W - H // 2"),
        (H % 4, "H - 4*(H // 4)"),
    ],
)
def test_normal_form(extent: Any, text: str) -> None:
    assert str(extent) == text


def test_constants_are_ints() -> None:
    assert H - H == 0
    assert isinstance(H - H + 3, int)
    assert isinstance((2 * H) % 2, int)
    assert H * 0 == 0


def test_fcn8s_gives_back_the_size_of_its_image() -> None:
    """Pad 100, five ceil-mode pools, a 7×7 without padding, deconvolutions and crops (Long et al., 2015)."""

    def pool(x: Any) -> Any:
        return (x - 2 + 1) // 2 + 1

    pool3 = pool(pool(pool(H + 198)))
    pool4 = pool(pool3)
    score = pool(pool4) - 6
    by16 = (score - 1) * 2 + 4
    assert at_most(by16 + 5, pool4)
    by8 = (by16 - 1) * 2 + 4
    assert at_most(by8 + 9, pool3)
    whole = (by8 - 1) * 8 + 16
    assert at_most(H + 31, whole)
    assert not at_most(H + 32 + 31, whole)


def test_products_of_unknowns_are_refused() -> None:
    for run in (lambda: H * W, lambda: H // W, lambda: 3 // H, lambda: 3 % H, lambda: H % W):
        with pytest.raises(NotAffine):
            run()
    with pytest.raises(ZeroDivisionError):
        H // 0


def test_traced_numbers_are_numbers_here() -> None:
    site = Source("t", "k").span(0, 1)
    k = Number(3, Variable("k", site))
    for a, b in (
        (H + k, H + 3),
        (k + H, H + 3),
        (k - H, 3 - H),
        (H * k, 3 * H),
        (k * H, 3 * H),
        (H // k, H // 3),
        (H % k, H % 3),
    ):
        assert a == b
        assert isinstance(a, Affine)
        assert type(a.constant) is int


def test_divisibility() -> None:
    assert divides(4, 8 * H + 4)
    assert not divides(4, 2 * H)
    assert divides(3, 9)
    assert not divides(3, 8)


def test_long_periods_fall_back_to_bounds_that_hold() -> None:
    x = H // 7 // 11 * 3 // 13 * 5 // 17
    assert at_most(x, H)
    assert surely_more(H + 1, x)
    low, high = bounds(x - H)
    assert low == float("-inf")
    assert high <= 0


def test_periods_of_up_to_1024_are_decided_exactly() -> None:
    """Hermite's identity, `⌊x⌋ + ⌊x + ½⌋ = ⌊2x⌋`, at the longest period."""
    assert bounds(H // 1024 + (H + 512) // 1024 - H // 512) == (0, 0)


def test_bounds_of_symbols_that_meet_in_one_atom() -> None:
    mean = (H + W) // 2
    assert bounds(mean) == (1, float("inf"))
    assert bounds(-mean) == (float("-inf"), -1)
    assert bounds(mean - W) == (float("-inf"), float("inf"))
    assert bounds(mean - H - W) == (float("-inf"), -1)
    assert bounds(mean - W // 2 - H // 2)[1] == 1  # both odd
