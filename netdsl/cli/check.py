"""`netdsl check`: all errors at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.command import Command, Settings, say
from netdsl.cli.network import import_plugins, plugin_option, read, root_option

if TYPE_CHECKING:
    from netdsl.diagnostics import Diagnostic


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--output-format", type=click.Choice(["full", "concise", "json", "github", "sarif"]), default="full", help="How."
)
@plugin_option
@root_option
@click.pass_context
def command(
    context: click.Context, files: tuple[str, ...], output_format: str, plugins: tuple[str, ...], root: Path | None
) -> None:
    """Report everything that is wrong in each FILE, in every network that it holds."""
    from netdsl import compiler, rendering
    from netdsl.diagnostics import NetdslError

    settings = context.ensure_object(Settings)
    import_plugins(plugins)
    found: list[Diagnostic] = []
    for file in files:
        try:
            found.extend(compiler.check_source(*read(file, root)))
        except NetdslError as error:
            found.extend(error.diagnostics)
    diagnostics = tuple(found)
    color = settings.colored(sys.stdout)
    text = {
        "full": lambda: rendering.render(diagnostics, color),
        "concise": lambda: rendering.concise(diagnostics),
        "json": lambda: rendering.json(diagnostics),
        "github": lambda: rendering.github(diagnostics),
        "sarif": lambda: rendering.sarif(diagnostics),
    }[output_format]()
    if text:
        click.echo(text, color=color)
    errors = sum(d.severity == "error" for d in diagnostics)
    if output_format == "full" and not errors:
        say(f"{len(files)} file{'s' if len(files) > 1 else ''} checked, no errors")
    context.exit(1 if errors else 0)
