"""Emitted modules learn: LeNet on scikit-learn's digits, by `examples/train_lenet.py`. 6 s of one core, measured."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

from tests.examples.networks import EXAMPLES, compiled


@pytest.fixture
def example() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("train_lenet", EXAMPLES / "train_lenet.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the script does: more would wait for each other
    yield module
    torch.set_num_threads(threads)


def test_lenet_learns_digits_in_a_minute(example: ModuleType) -> None:
    begun = time.process_time()
    before, after = example.trained()
    assert before < 0.3
    assert after >= 0.97
    assert time.process_time() - begun < 60


def test_steps_are_the_lectures_with_its_sign_put_right(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Z <- 0.9 Z - 0.01 (0.0005 W + dL/dW)`, then `W <- W + Z`."""
    monkeypatch.setattr(example, "EPOCHS", 1)
    images, labels = (part[:32] for part in example.digits())
    torch.manual_seed(1)
    theirs = compiled("lenet").module()
    by_hand = compiled("lenet").module()
    by_hand.load_state_dict(theirs.state_dict())

    torch.manual_seed(2)
    example.train(theirs, images, labels)
    torch.manual_seed(2)
    speeds = [torch.zeros_like(weight) for weight in by_hand.parameters()]
    for batch in torch.randperm(len(labels)).split(example.BATCH):
        loss = by_hand.loss(by_hand(images[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        with torch.no_grad():
            for weight, speed, gradient in zip(by_hand.parameters(), speeds, gradients, strict=True):
                speed.copy_(0.9 * speed - 0.01 * (0.0005 * weight + gradient))
                weight.add_(speed)
    for weight, wanted in zip(theirs.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(weight, wanted)
