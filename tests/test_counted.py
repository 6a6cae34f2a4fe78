"""What the end of a test run says that it counted."""

from __future__ import annotations

from tests.conftest import totals


def test_numbers_are_added_up_and_texts_are_kept() -> None:
    properties = [
        ("counted", ("texts", 1_000)),
        ("counted", ("near", "97 %")),
        ("counted", ("near", "97 %")),
        ("counted", ("near", "99 %")),
        ("another", ("texts", 1)),
        ("counted", ("texts", 234)),
        ("counted", ["cases", 7]),  # as xdist hands it on
    ]
    assert totals(properties) == {"cases": "7", "near": "97 %, 99 %", "texts": "1,234"}
    assert totals([]) == {}


def test_a_run_says_what_its_tests_counted(counted, request) -> None:
    counted("tests that count", 1)
    assert ("counted", ("tests that count", 1)) in request.node.user_properties
