"""What kernels are proved on, and that no error is forgotten on the way to the gate."""

from __future__ import annotations

import math

import pytest
import torch

import netdsl
from netdsl.runtime.proof import MOST_MACS
from netdsl.runtime.proof.cases import cases
from netdsl.runtime.proof.gates import GATES, NONE, WHOLE, WRONG, Error, for_chaos, measure, worst


def of(text: str, most: int | None = MOST_MACS):
    return cases(netdsl.compile(text).fused, most)


def test_a_second_result_hides_no_error_of_the_first():
    small_but_one = Error(1e-13, 5e-10)  # over the gate of float64 by its largest
    assert worst((small_but_one, Error(2e-13, 1e-12))).over(GATES["float64"]) > 1
    assert worst(()) == NONE
    assert worst((NONE, WRONG)) == WRONG


def test_a_gate_is_as_wide_as_a_network_moves_and_never_wider_than_a_fault():
    assert for_chaos(Error(1e-16, 1e-15)) == WHOLE
    assert for_chaos(Error(1e-8, 1e-7)).rms == pytest.approx(1e-6)
    assert for_chaos(WRONG).rms < 4e-4  # the smallest of the classic faults


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([1.0, math.nan], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, math.nan]),
        ([1.0, math.inf], [1.0, -math.inf]),
        ([1.0, math.inf], [1.0, math.nan]),
        ([[1.0], [2.0]], [1.0, 2.0]),
    ],
)
def test_what_is_no_number_must_be_the_same(found, wanted):
    assert measure(torch.tensor(found), torch.tensor(wanted)) == WRONG


def test_maps_have_odd_and_even_extents():
    (case,) = of("net n { input x: 5x32x32; output y = x -> max_pool(3, stride = 2, ceil = true) }")
    assert {extent % 2 for extent in case.graph.nodes[0].shape[1:]} == {0, 1}


WIDE = """net n { input x: 200x32x32
  output y = x -> conv(512, 3) -> conv(512, 3) -> conv(1000, 3) -> conv(5, 3) }"""


def test_wide_steps_are_one_case_on_fewer_channels():
    found = of(WIDE)
    assert [(case.like.name, case.same, bool(case.note)) for case in found] == [
        ("conv1", 1, True),  # 200 has a rest of 8, as 1000 has
        ("conv2", 1, True),
        ("conv3", 1, True),
        ("conv4", 1, True),
    ]
    assert [case.splits[0][0] for case in found] == [88, 80, 80, 88]
    assert sum(case.same for case in of(WIDE.replace("1000", "512"))) == 4
    assert len(of(WIDE.replace("1000", "512"))) == 3


def test_a_gpu_takes_all_channels():
    found = of(WIDE, None)
    assert [case.splits[0][0] for case in found] == [200, 512, 512, 1000]
    assert not any(case.note for case in found)
