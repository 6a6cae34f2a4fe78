"""Each test begins with nothing remembered."""

from __future__ import annotations

import pytest

from netdsl.native import library

library()  # compiled before every test gets caches of its own


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that engines remember in."""
    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
