"""What a terminal shows while something takes its time: a bar, or what is being done. Elsewhere nothing, unless
NETDSL_PROGRESS is set: then stderr has a line with the time for all that is begun, each kernel that is tried too.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from logging import Logger

WIDTH, PATIENCE = 24, 0.5  # characters; seconds before it shows


class Bar:
    """`with Bar("measuring") as bar: work(progress=bar.tell)`; nothing where there is no terminal."""

    def __init__(self, what: str) -> None:
        self.what, self.shown, self.begin = what, False, time.monotonic()

    def __enter__(self) -> Bar:
        line_by_line()
        return self

    def tell(self, share: float) -> None:
        """How much is done, from 0 to 1."""
        if sys.stderr.isatty() and time.monotonic() - self.begin > PATIENCE:
            self.shown = True
            full = round(WIDTH * share)
            click.echo(f"\r\033[K{self.what} {'█' * full}{'░' * (WIDTH - full)} {share:4.0%}", err=True, nl=False)

    def __exit__(self, *raised: object) -> None:
        if self.shown:
            click.echo("\r\033[K", err=True, nl=False)


class Line:
    """`with Line() as line: work(tell=line.tell)`: what is being done, gone at the end."""

    def __enter__(self) -> Line:
        self.shown, self.log = sys.stderr.isatty(), line_by_line()
        return self

    def tell(self, text: str) -> None:
        if self.shown:
            click.echo(f"\r\033[K{text}", err=True, nl=False)
        elif self.log is not None:
            self.log.info(text)

    def __exit__(self, *raised: object) -> None:
        if self.shown:
            click.echo("\r\033[K", err=True, nl=False)


def line_by_line() -> Logger | None:
    """Where progress is written line by line, if that is asked for and there is no terminal."""
    if sys.stderr.isatty() or not os.environ.get("NETDSL_PROGRESS"):
        return None
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    found = logging.getLogger("netdsl")
    found.setLevel(logging.DEBUG)
    return found
