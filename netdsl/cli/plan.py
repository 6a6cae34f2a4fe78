"""`netdsl plan`: every kernel with what it costs and where its values live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.command import Command, ParamType
from netdsl.cli.network import Request, reads_network

if TYPE_CHECKING:
    from netdsl.plan.device import Device


class Machine(ParamType):
    """The name of a device, or its figures."""

    name = "device"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Device:
        from netdsl.plan.device import described

        try:
            return described(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(cls=Command)
@reads_network()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with all steps and all memory.")
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Samples of one pass.")
@click.option(
    "--dtype",
    type=click.Choice(("fp16", "bf16", "fp32", "tf32")),
    default="fp16",
    show_default=True,
    help="What numbers are stored and multiplied in; tf32 stores fp32.",
)
@click.option(
    "--device",
    type=Machine(),
    metavar="NAME",
    default="h200",
    show_default=True,
    help="h200, h100, a100, or FLOP/s and bytes/s such as 150G/20G.",
)
def command(request: Request, as_json: bool, **settings: Any) -> None:
    """Plan a forward pass: kernels, their FLOPs, bytes and least time, and the memory that they share."""
    found = request.compile().plan(**settings)
    click.echo(found.to_json() if as_json else found.to_text())
