"""`netdsl summary`: the table of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from netdsl.cli.command import Command, Settings, width
from netdsl.cli.network import Request, reads_network

if TYPE_CHECKING:
    from netdsl.analysis.summary import Summary


@click.command(cls=Command)
@reads_network()
@click.option("--json", "form", flag_value="json", help="One JSON object; shapes are lists without the batch.")
@click.option("--csv", "form", flag_value="csv", help="A line for each node, plain numbers, for a spreadsheet.")
@click.option("--markdown", "form", flag_value="markdown", help="The table in Markdown.")
@click.option("--depth", type=click.IntRange(min=1), help="Show blocks within blocks to this depth.")
@click.option("--how", is_flag=True, help="Show the arithmetic behind each figure.")
@click.pass_obj
def command(settings: Settings, request: Request, form: str | None, depth: int | None, how: bool) -> None:
    """Count: per node the output shape, parameters, MACs, memory, receptive field; and the totals.

    A network with mistakes is listed as far as it goes.
    """
    from netdsl.diagnostics import NetdslError

    try:
        _show(request.compile().summary(depth=depth, how=how), form, settings)
    except NetdslError as error:
        if error.partial is not None:
            from netdsl.analysis.summary import summarise

            _show(summarise(error.partial, depth=depth, how=how, broken=True), form, settings)
        raise


def _show(summary: Summary, form: str | None, settings: Settings) -> None:
    if form == "json":
        click.echo(summary.to_json())
    elif form == "csv":
        click.echo(summary.to_csv(), nl=False)
    elif form == "markdown":
        click.echo(summary.to_markdown(), nl=False)
    else:
        color = settings.colored(sys.stdout)
        click.echo(summary.to_text(width(), color=color), color=color)
