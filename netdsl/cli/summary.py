"""`netdsl summary`: the table of a network."""

from __future__ import annotations

import sys

import click

from netdsl.cli.command import Command, Settings
from netdsl.cli.network import Request, reads_network


@click.command(cls=Command)
@reads_network()
@click.option("--json", "as_json", is_flag=True, help="One JSON object; shapes are lists without the batch.")
@click.option("--depth", type=click.IntRange(min=1), help="Show blocks within blocks to this depth.")
@click.option("--how", is_flag=True, help="Show the arithmetic behind each figure.")
@click.pass_obj
def command(settings: Settings, request: Request, as_json: bool, depth: int | None, how: bool) -> None:
    """Count: per node the output shape, parameters, MACs, memory, receptive field; and the totals."""
    summary = request.compile().summary(depth=depth, how=how)
    if as_json:
        click.echo(summary.to_json())
        return
    from shutil import get_terminal_size

    width = get_terminal_size().columns if sys.stdout.isatty() else 120
    color = settings.colored(sys.stdout)
    click.echo(summary.to_text(width, color=color), color=color)
