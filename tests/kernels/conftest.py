"""The kernels run in Triton's interpreter; its check of every integer operation takes three quarters of the time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _integers_unchecked() -> Iterator[None]:
    from triton.runtime.interpreter import interpreter_builder

    options = interpreter_builder.options
    interpreter_builder.options = dataclasses.replace(options, sanitize_overflow=False)
    yield
    interpreter_builder.options = options
