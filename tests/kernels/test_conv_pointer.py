"""The kernel that takes every call, on random calls of every kind."""

from __future__ import annotations

from hypothesis import given, settings

from tests.kernels.conv_case import ConvCase, check, conv_cases


@settings(max_examples=150)
@given(conv_cases())
def test_any_convolution(case: ConvCase):
    check(case)


@settings(max_examples=50)
@given(conv_cases(transposed=True))
def test_any_transposed_convolution(case: ConvCase):
    check(case)
