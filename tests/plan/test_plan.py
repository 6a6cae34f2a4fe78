"""The plan of a network: its table and JSON, its sums, its devices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl.plan.device import DEVICES, Device, described
from netdsl.plan.table import amount, duration
from tests.examples.networks import compiled

GOLDEN = Path(__file__).parents[1] / "golden" / "plan"

SMALL = """
net small {
  input x: 4x8x8
  a = x -> c: conv(8, 3, stride = 2) -> n: batch_norm -> r: relu
  output y = concat { a -> d: conv(8, 3); a -> e: conv(8, 1) } -> p: max_pool(2) -> t: softmax -> f: flatten
    -> l: linear(3)
  output z = a -> g: global_avg_pool
}
"""


def test_a_small_plan(golden: Callable[[Path, str], None]) -> None:
    found = netdsl.compile(SMALL).plan(batch=2, device="h100")
    golden(GOLDEN / "small.txt", found.to_text() + "\n")
    golden(GOLDEN / "small.json", found.to_json() + "\n")
    assert str(found) == found.to_text()


@pytest.mark.parametrize("network", ["googlenet_torchvision", "densenet121", "unet", "shufflenet_v1_g3"])
def test_json_tells_the_whole_plan(network: str) -> None:
    net = compiled(network)
    told = json.loads(net.plan(batch=4, dtype="fp32").to_json())
    assert told["flops"] == 2 * 4 * net.summary().macs == sum(step["flops"] for step in told["steps"])
    assert told["bytes"] == net.fusion(batch=4, dtype="fp32").bytes_after == sum(s["bytes"] for s in told["steps"])
    assert told["seconds"] == pytest.approx(sum(step["seconds"] for step in told["steps"]))
    storages, written = told["storages"], {i for i, s in enumerate(told["storages"]) if s["role"] == "input"}
    for number, step in enumerate(told["steps"], 1):
        assert written >= set(step["reads"])
        written |= set(step["writes"])
        for storage in (storages[i] for i in (*step["reads"], *step["writes"]) if storages[i]["offset"] is not None):
            assert storage["first"] <= number <= storage["last"]
            assert storage["offset"] + storage["bytes"] <= told["arena"]["size"]
    assert written == set(range(len(storages)))
    assert not clashes([storage for storage in storages if storage["offset"] is not None])


def clashes(storages: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Pairs that share bytes during one kernel."""
    return [
        (a, b)
        for i, a in enumerate(storages)
        for b in storages[:i]
        if a["first"] <= b["last"]
        and b["first"] <= a["last"]
        and a["offset"] < b["offset"] + b["bytes"]
        and b["offset"] < a["offset"] + a["bytes"]
    ]


def test_a_step_takes_the_longer_of_computing_and_moving() -> None:
    device = Device("toy", {"fp32": 1000.0}, 100.0, "this test")
    text = "net n { input x: 4x2x2; output y = x -> conv(8, 1, bias = false) }"
    (step,) = netdsl.compile(text).plan(batch=3, dtype="fp32", device=device).steps
    assert (step.cost.flops, step.cost.bytes) == (2 * 3 * 4 * 8 * 4, 4 * (3 * 16 + 3 * 32 + 32))
    assert step.cost.seconds == max(step.cost.flops / 1000, step.cost.bytes / 100) == 704 / 100
    assert step.cost.bound == "memory"
    (slow,) = netdsl.compile(text).plan(batch=3, dtype="fp32", device="10/1k").steps
    assert (slow.cost.seconds, slow.cost.bound) == (768 / 10, "compute")


def test_devices() -> None:
    assert described("150G/20.5G") == Device(
        "150G/20.5G", dict.fromkeys(("fp16", "bf16", "tf32", "fp32"), 150e9), 20.5e9, "as given"
    )
    assert described("h200") is DEVICES["h200"]
    for device in DEVICES.values():  # halves are faster than singles; tensor cores than plain ones
        assert device.flops["fp16"] == device.flops["bf16"] > device.flops["tf32"] > device.flops["fp32"]
        assert device.source
    for wrong in ("v100", "150G", "0/1", "1/0", "150X/20G", "-1/2"):
        with pytest.raises(ValueError, match=wrong):
            described(wrong)


def test_settings_that_there_are_not() -> None:
    net = netdsl.compile("net n { input x: 4; output y = x -> linear(2) }")
    for wrong in ({"dtype": "int8"}, {"batch": 0}, {"device": "abacus"}):
        with pytest.raises(ValueError, match=str(*wrong.values())):
            net.plan(**wrong)


def test_a_plan_needs_sizes() -> None:
    with pytest.raises(netdsl.NetdslError) as caught:
        netdsl.compile("net n { input x: [3, H, W]; output y = x -> conv(8, 3) }").plan()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "N734"
    assert "--input x=3x256x256" in str(diagnostic.help)


def test_figures_have_three_digits() -> None:
    told = [amount(n, "B") for n in (0, 7, 999, 1000, 9_999, 99_960, 999_600, 1.5e9, 2e18)]
    assert told == ["0 B", "7 B", "999 B", "1.00 kB", "10.0 kB", "100 kB", "1.00 MB", "1.50 GB", "2000 PB"]
    told = [duration(s) for s in (0, 5e-10, 1.2e-8, 9.996e-7, 3.2e-6, 1.46e-3, 2, 5000)]
    assert told == ["0.00 ns", "0.50 ns", "12.0 ns", "1.00 µs", "3.20 µs", "1.46 ms", "2.00 s", "5000 s"]


def test_a_plan_is_the_same_each_time() -> None:
    first, second = (netdsl.compile(SMALL).plan().to_json() for _ in range(2))
    assert first == second
