"""From an exception to words on stderr and an exit status."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable

import click

from netdsl.cli.command import Settings, say
from netdsl.cli.group import BUG, INTERRUPTED, MISUSE, PROBLEMS
from netdsl.diagnostics import Diagnostic, InternalError, NetdslError, placeless


def report(error: Exception, settings: Settings) -> int:
    """Say what went wrong, and return the exit status."""
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return MISUSE
    if isinstance(error, NetdslError):
        show(error.diagnostics, settings)
        if settings.debug:
            _trace(error)
        return PROBLEMS
    if isinstance(error, OSError):
        show(_refusal(error).diagnostics, settings)
        if settings.debug:
            _trace(error)
        return PROBLEMS
    _bug(error, settings)
    return BUG


def show(diagnostics: Iterable[Diagnostic], settings: Settings) -> None:
    """Diagnostics at length, on stderr."""
    from netdsl.rendering import render

    color = settings.colored(sys.stderr)
    click.echo(render(tuple(diagnostics), color), err=True, color=color)


def _refusal(error: OSError) -> NetdslError:
    """What the operating system would not do, where no command says it better: a full stdout, a folder that is gone."""
    from netdsl.files import reason

    what = f"`{error.filename}`: " if error.filename else ""
    return placeless("N708", f"the operating system refused: {what}{reason(error)}")


def _bug(error: Exception, settings: Settings) -> None:
    say(f"netdsl: internal error: {type(error).__name__}: {error}")
    if not settings.debug:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "netdsl" in f.filename]
        if frames:
            say(f"  at {frames[-1].filename}:{frames[-1].lineno}, in {frames[-1].name}")
    if isinstance(error, InternalError) and error.details:
        say(f"\n{error.details}\n")
    if settings.debug:
        _trace(error)
    say("This is a bug in netdsl, not in your file. Please report it with the file and the output of --debug.")


def _trace(error: Exception) -> None:
    say("".join(traceback.format_exception(error)).rstrip())
