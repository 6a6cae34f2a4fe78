"""`netdsl run`: the network, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.command import Command, say
from netdsl.cli.network import Request, examples, reads_network
from netdsl.cli.packages import needed_for

if TYPE_CHECKING:
    from netdsl.runtime.run import Run

BUNDLED_NETWORK, BUNDLED_IMAGE = "googlenet.net", "chelsea.jpg"
DTYPES = ("float32", "float64", "float16", "bfloat16")


@click.command(cls=Command)
@reads_network(default=lambda: str(examples() / BUNDLED_NETWORK))
@click.option("--cuda", is_flag=True, help="Run on the GPU.")
@click.option("--image", type=click.Path(path_type=Path), help="The input: PNG, JPEG, BMP or WebP.")
@click.option(
    "--weights", type=click.Path(path_type=Path), help="A safetensors file, or what torch.save wrote of a state_dict."
)
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Samples in one pass.")
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="Number format.")
@click.option("--no-tune", "tune", flag_value=False, default=True, help="Take the best guess at kernels; measure none.")
@click.option("--plain", is_flag=True, help="Run the PyTorch module as it is written, without an engine.")
@click.option("--profile", is_flag=True, help="Tell what computes each step, its time, and the least that is possible.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(request: Request, as_json: bool, image: Path | None, plain: bool, profile: bool, **options: Any) -> None:
    """Run a network: output shapes, the five likeliest classes where it classifies, time per batch.

    An engine computes it: norms folded, weights packed, each step by what was measured to be the fastest here, once.
    Without FILE the bundled GoogLeNet runs on the bundled photograph. Without --image the input is random, without
    --weights so are the weights.
    """
    from netdsl.cli.progress import Bar

    if plain and profile:
        raise click.UsageError("--profile is about the engine, which --plain does without")
    if image is None and request.file == str(examples() / BUNDLED_NETWORK):
        image = examples() / BUNDLED_IMAGE
    network = request.compile()
    with needed_for("running"):
        from netdsl.runtime.run import run
    summary = network.summary()
    macs = summary.macs
    source = network.source(plain=True)
    options |= {"plain": plain, "profile": profile}
    with Bar("measuring kernels") as bar:
        result = run(network.graph, source, summary.params, image=image, progress=bar.tell, **options)
    assert macs is not None, "a network that ran has known extents"
    for note in result.notes:
        say(f"netdsl: {note}")
    if as_json:
        click.echo(json.dumps({**result.json(), "params": summary.params, "macs": macs}))
    else:
        click.echo(_text(result, image, summary.params, macs))


def _text(result: Run, image: Path | None, params: int, macs: int) -> str:
    def shape(extents: list[int]) -> str:
        return "×".join(map(str, extents))

    what = image.name if image is not None else "random numbers"
    rows = [("network", result.network), ("device", f"{result.device}, {result.dtype}")]
    rows += [(name, f"{shape(s)} ({what})") for name, s in result.inputs.items()]
    rows += [(name, shape(s)) for name, s in result.outputs.items()]
    rows += [("parameters", f"{params:,}"), ("MACs per sample", f"{macs:,}")]
    each = result.milliseconds / result.batch
    per = f", {each:.2f} ms a sample" if result.batch > 1 else ""
    told = f"median of {result.runs}" + (
        f"; the engine was made in {result.build_seconds:.1f} s" if result.engine else ""
    )
    rows.append(("time", f"{result.milliseconds:.2f} ms a batch of {result.batch}{per} ({told})"))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:{width}}  {text}" for name, text in rows]
    if result.top:
        lines.append("")
        lines.append(
            "likeliest classes" + ("" if result.trained else " (the weights are random, so they mean nothing)")
        )
        lines += [f"  {r.index:>5}  {r.probability:.4f}" for r in result.top]
    elif not result.trained:
        lines.append("the weights are random: give trained ones with --weights")
    if result.report is not None:
        lines += ["", str(result.report)]
    return "\n".join(lines)
