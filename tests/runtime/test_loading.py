"""Emitted source as a live Python module."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import sys
import traceback

import pytest
import torch
from torch import nn

from netdsl.runtime.loading import load, network_class

SOURCE = """\
from torch import Tensor, nn

__all__ = ["Scale", "Part"]


class Part(nn.Module):
    pass


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.normal_(__import__("torch").empty(3)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight  # line 17
"""


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def test_the_first_name_is_the_network():
    assert network_class(load(SOURCE, "scale")).__name__ == "Scale"


def test_the_same_source_is_the_same_class_and_another_is_not():
    assert load(SOURCE, "scale") is load(SOURCE, "scale")
    assert load(SOURCE + "\n", "scale") is not load(SOURCE, "scale")


def test_instances_survive_pickle_and_deepcopy():
    module = network_class(load(SOURCE, "scale"))()
    for twin in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert type(twin) is type(module)
        assert same_weights(twin, module)
    saved = io.BytesIO()
    torch.save(module, saved)
    saved.seek(0)
    assert same_weights(torch.load(saved, weights_only=False), module)


def test_a_traceback_shows_the_emitted_line():
    module = network_class(load(SOURCE, "scale"))()
    with pytest.raises(RuntimeError) as caught:
        module(torch.ones(2))
    text = "".join(traceback.format_exception(caught.value))
    assert "return x * self.weight  # line 17" in text
    assert "<netdsl scale" in text


def test_the_source_can_be_inspected():
    assert inspect.getsource(network_class(load(SOURCE, "scale"))) == SOURCE[SOURCE.index("class Scale") :]


def test_source_that_fails_leaves_nothing_behind():
    before = set(sys.modules)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load("1 / 0", "broken")
    assert set(sys.modules) == before


def test_what_is_no_network_is_refused():
    with pytest.raises(AssertionError):
        network_class(load("__all__ = ['x']\nx = 1\n", "number"))
    assert issubclass(network_class(load(SOURCE, "scale")), nn.Module)
