"""The examples through `netdsl verify`: some here, all of them at night."""

from __future__ import annotations

import pytest

from tests.examples.networks import ZOO, compiled, plugin

SOME = ("lenet5", "googlenet", "mobilenet_v2", "unet_flat")


def prove(name, counted):
    with plugin(ZOO[name]):
        proof = compiled(name).verify()
    assert proof.passed, [check.json() for check in proof.failures]
    counted("examples proved", 1)
    for way, checks in proof.ways().items():
        counted(f"  {way}: checks", len(checks))


@pytest.mark.parametrize("name", SOME)
def test_an_example_is_proved(name, counted):
    prove(name, counted)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ZOO)
def test_every_example_is_proved(name, counted):
    prove(name, counted)
