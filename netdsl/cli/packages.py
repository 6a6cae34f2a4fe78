"""The packages that only some commands need, and what is said where one is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def needed_for(doing: str) -> Iterator[None]:
    """Raises NetdslError N732 where a package is missing that `doing` needs; a missing module of ours is our bug."""
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).startswith("netdsl"):
            raise
        from netdsl.diagnostics import placeless

        raise placeless(
            "N732", f"{doing} a network needs the package `{error.name}`", help="pip install 'netdsl[run]'"
        ) from error
