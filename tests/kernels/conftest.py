"""The kernels run in Triton's interpreter, without what slows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    from netdsl.runtime import interpreter

    with interpreter.quick():
        yield
