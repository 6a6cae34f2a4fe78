"""`netdsl bench`: the engine beside its peers."""

from __future__ import annotations

import json
from typing import Any

import click

from netdsl.cli.command import Command, ParamType, say
from netdsl.cli.group import CLEAN, PROBLEMS
from netdsl.cli.network import Request, reads_network
from netdsl.cli.packages import needed_for
from netdsl.cli.progress import Line

DTYPES = ("float32", "tf32", "float16", "bfloat16")
PEERS = ("eager", "inductor", "reduce-overhead", "max-autotune", "jax", "onnxruntime", "openvino")


class Several(ParamType):
    """Values of one kind with commas between, each read by `kind`."""

    def __init__(self, kind: ParamType, name: str) -> None:
        self.kind, self.name = kind, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        found = [self.kind.convert(part.strip(), param, ctx) for part in str(value).split(",")]
        return tuple(dict.fromkeys(found))


@click.command(cls=Command)
@reads_network()
@click.option("--cuda", is_flag=True, help="Measure on the GPU.")
@click.option(
    "--batch",
    "batches",
    type=Several(click.IntRange(min=1), "numbers"),
    default="1",
    show_default=True,
    help="Samples in one pass; several with commas between.",
)
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="Number format.")
@click.option(
    "--peers",
    type=Several(click.Choice(PEERS), "names"),
    help=f"Of {', '.join(PEERS)}; else those usual on the device that are installed.",
)
@click.option("--pairs", type=click.IntRange(min=1), default=20, show_default=True, help="Rounds, each in a new order.")
@click.option("--warm", is_flag=True, help="Take what was tuned and compiled earlier from the caches.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(request: Request, as_json: bool, **options: Any) -> int:
    """Measure the engine beside its peers, in one run.

    The same weights, input, precision and number of threads for all; no peer is timed whose outputs are wrong. Prints
    the median time of a pass, its spread between quartiles, how many times as long as netdsl with a 95 % interval, and
    the time until the first result. The status is 1 where netdsl itself is wrong or does not run.
    """
    network = request.compile()
    with needed_for("running"), Line() as line:
        found = network.bench(tell=line.tell, **options)
    for note in found.notes:
        say(f"netdsl: {note}")
    click.echo(json.dumps(found.json()) if as_json else found.text())
    return CLEAN if found.sound else PROBLEMS
