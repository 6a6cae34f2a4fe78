"""Call sites without a GPU: the operator's own CPU implementation stands in for the kernels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from netdsl.kernels import conditions, fused


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call sites may take the kernel path on the CPU, where all else holds that they ask for."""
    monkeypatch.setattr(conditions, "on_device", lambda x: True)


@pytest.fixture
def taken(anywhere: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was computed on the kernel path, one activation for each call."""
    found: list[str] = []
    operator: Any = vars(fused)["FUSED_CONV"]

    def spy(*arguments: object) -> object:
        found.append(str(arguments[-2]))
        return operator(*arguments)

    monkeypatch.setattr(fused, "FUSED_CONV", spy)
    return found


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """The same numbers each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
