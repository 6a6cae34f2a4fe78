"""Which tests go to one worker, and which go first, where pytest runs with `-n`.

The tests of a file stay together, with the fixtures that they share; those of one example go by its family, whatever
their file, so that a network is compiled in one worker alone. What takes long begins first: no worker is to wait for
another at the end.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

BY_FAMILY = ("tests/examples/", "tests/engine/test_examples.py")
LONG = ("tests/random/", "tests/examples/test_emitted.py", *BY_FAMILY, "tests/fusion/", "tests/emit/", "tests/bench/")


def rank(test: str) -> int:
    """The place of a test, by its node id, among what is begun: files that take long come first."""
    return next((place for place, path in enumerate(LONG) if test.startswith(path)), len(LONG))


@cache
def families() -> dict[str, str]:
    """The file of each example, by its name and by itself."""
    from tests.examples.networks import FAMILIES

    return {name: file for file, networks in FAMILIES.items() for name in (file, *networks)}


@cache
def companions(test: str) -> str:
    """What names all the tests that run in the same worker as this one."""
    file, _, name = test.partition("::")
    given = name.partition("[")[2].removesuffix("]")
    return families().get(given, file) if file.startswith(BY_FAMILY) else file


def scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist's own, that hands out companions together, in the order in which they were collected."""
    from xdist.scheduler import LoadScopeScheduling

    class Turns(LoadScopeScheduling):  # type: ignore[misc]  # xdist does not tell its types
        def _split_scope(self, nodeid: str) -> str:
            return companions(nodeid)

    config.option.loadscopereorder = False
    return Turns(config, log)
