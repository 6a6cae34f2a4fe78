"""What every command has: `--color` and `--debug`, wherever on the line they stand."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # that of an earlier click takes no type


@dataclass(slots=True)
class Settings:
    """Said once for the whole program, before or after the command's name. Commands get it by `click.pass_obj`."""

    color: str = "auto"
    debug: bool = False

    def colored(self, stream: TextIO) -> bool:
        """Whether to colour what goes to `stream`: --color, else NO_COLOR, else FORCE_COLOR, else a terminal."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How wide a table is to be: COLUMNS, else the terminal that it goes to, else 120."""
    from shutil import get_terminal_size

    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return get_terminal_size((120, 24)).columns
    return 120


def say(text: str) -> None:
    """A message, on stderr; the product alone goes to stdout. What a name holds that a terminal would obey is shown."""
    from netdsl.rendering.columns import safe

    click.echo(safe(text), err=True)


def _set(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings = context.ensure_object(Settings)
    if parameter.name == "color" and value is not None:
        settings.color = value
        context.color = None if value == "auto" else value == "always"
    elif parameter.name == "debug" and value:
        settings.debug = True


def shared_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            expose_value=False,
            callback=_set,
            help="Colour the messages (auto: on a terminal, unless NO_COLOR is set).",
        ),
        click.Option(
            ["--debug"], is_flag=True, expose_value=False, callback=_set, help="Show tracebacks of internal errors."
        ),
    ]


class Command(click.Command):
    """A click command with the shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())
