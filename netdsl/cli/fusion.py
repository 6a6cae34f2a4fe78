"""`netdsl fusion`: what was fused, and why not more."""

from __future__ import annotations

import click

from netdsl.cli.command import Command, Settings
from netdsl.cli.network import Request, reads_network


@click.command(cls=Command)
@reads_network()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, a group for each kernel.")
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Samples, for the bytes moved.")
@click.option(
    "--dtype",
    type=click.Choice(("fp32", "fp16", "bf16")),
    default="fp16",
    show_default=True,
    help="For the bytes moved.",
)
@click.pass_obj
def command(settings: Settings, request: Request, as_json: bool, batch: int, dtype: str) -> None:
    """Explain: which nodes one kernel computes together, and why the others are not."""
    found = request.compile().fusion(batch=batch, dtype=dtype)
    click.echo(found.to_json() if as_json else found.to_text())
