"""The whole text that is emitted for each small network, as a reader sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import netdsl
from tests.emit import networks, test_found

SOURCES = Path(__file__).parents[1] / "golden" / "emitted" / "networks"
NETWORKS = {**networks.NETWORKS, **test_found.NETWORKS}


@pytest.mark.parametrize("title", NETWORKS)
def test_the_text_is_the_golden_one(title: str, golden: Callable[[Path, str], None]) -> None:
    network = netdsl.compile(NETWORKS[title], network=None if title == "odd names" else "f")
    golden(SOURCES / f"{re.sub(r'[^a-z]+', '_', title.lower()).strip('_')}.py", network.source(plain=True))
