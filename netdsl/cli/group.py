"""The group of commands: loads a command's file only when it is asked for, and turns exceptions into exit statuses.

0 clean, 1 problems in the user's file or input, 2 misuse, 70 our bug, 130 interrupted, 141 the reader of our output
went away. A traceback is shown under --debug only.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from netdsl.cli.command import Settings, shared_options

# In the order of `netdsl --help`. Each names a file of this folder, whose `command` it is.
# fmt: off
COMMANDS = (
    "compile", "check", "summary", "draw", "diff", "fusion", "plan", "verify", "run", "bench", "fmt", "explain",
    "doctor",
)
# fmt: on

CLEAN, PROBLEMS, MISUSE, BUG, INTERRUPTED, UNHEARD, TERMINATED = 0, 1, 2, 70, 130, 141, 143


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(f"netdsl.cli.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click suggests among the commands that are loaded, and none is
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def main(  # type: ignore[override]  # it never returns
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        settings = Settings()
        extra.update(standalone_mode=False, obj=settings)
        try:
            status = super().main(args, prog_name or "netdsl", **extra) or CLEAN
        except Exception as error:
            from netdsl.cli import failure

            status = failure.report(error, settings)
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `netdsl summary x.net | head`: not worth a word
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return UNHEARD


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from netdsl import __version__

        click.echo(f"netdsl {__version__}")
        ctx.exit()


main = Commands(
    name="netdsl",
    help="Neural networks as text: checked, counted, and compiled to PyTorch.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
        ),
        *shared_options(),
    ],
)


def program() -> NoReturn:
    """What the installed `netdsl` runs: the commands, on streams and signals that are set up for them.

    Files and pipes get UTF-8 and plain newlines wherever this runs, so that the same text gives the same bytes; a
    terminal that lacks a character shows `?`. A request to stop becomes an exception: half written files are removed.
    """
    # A stream that was closed (`netdsl .. >&-`) leaves its number to the next file that is opened: let that be nothing.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", newline="\n")

    def stop(number: int, frame: object) -> NoReturn:
        sys.exit(TERMINATED)

    signal.signal(signal.SIGTERM, stop)
    main.main()
