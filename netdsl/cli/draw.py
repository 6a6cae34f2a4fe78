"""`netdsl draw`: the diagram."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.command import Command, say
from netdsl.cli.network import Request, reads_network

if TYPE_CHECKING:
    from netdsl.graph import Graph

FORMATS = ("svg", "png", "pdf", "html", "dot", "mmd", "txt", "json")


@click.command(cls=Command)
@reads_network()
@click.option("-o", "--output", metavar="OUT", help=f"Write there; its ending picks among {', '.join(FORMATS)}.")
@click.option("--format", type=click.Choice(FORMATS), help="The format where no ending says it; else txt.")
@click.option("--depth", type=click.IntRange(min=1), help="Open blocks within blocks to this depth.")
@click.option("--fold", is_flag=True, help="Draw once what repeats; without --depth, open what a page holds.")
@click.option(
    "--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True, help="Which way it runs."
)
@click.option("--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", help="auto: the reader's own.")
@click.option("--fused", is_flag=True, help="Draw the kernels that the network becomes, with what each computes.")
@click.option("--force", is_flag=True, help="Overwrite a file that netdsl did not write.")
def command(request: Request, output: str | None, format: str | None, fused: bool, **options: Any) -> None:
    """Draw a network: a picture, or a tree in the terminal where no output is named.

    What a network with mistakes has is drawn, and where it broke is red.
    """
    from netdsl.diagnostics import NetdslError

    path = None if output in (None, "-") else Path(str(output))
    if format is None:
        format = _ending(path) if path is not None else "txt"
    if format == "html" and (options["fold"] or options["direction"] != "TB" or fused):
        raise click.UsageError(
            "a page folds as its reader likes, runs downwards and shows the network as written: "
            "leave out --fold, --direction and --fused"
        )
    try:
        network = request.compile()
        _draw(network.fused if fused else network.graph, path, format, request, options)
    except NetdslError as error:
        if error.partial is not None:
            _draw(error.partial, path, format, request, options)
        raise


def _draw(graph: Graph, path: Path | None, format: str, request: Request, options: dict[str, Any]) -> None:
    from netdsl.drawing import draw_graph

    data = draw_graph(graph, path, format=format, **options)
    if path is None:
        click.echo(data.decode("utf-8") if format not in ("png", "pdf") else data, nl=False)
    else:
        say(f"wrote {path}")


def _ending(path: Path) -> str:
    format = path.suffix.lower().lstrip(".")
    if format not in FORMATS:
        raise click.BadParameter(f"end the file's name in {', '.join(f'.{f}' for f in FORMATS)}", param_hint="-o")
    return format
