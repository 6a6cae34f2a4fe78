"""`netdsl diff`: what is different in another network."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from netdsl.cli.command import Command, Settings, say, width
from netdsl.cli.network import Request, input_option, plugin_option, read_value, root_option, set_option

DIFFERENT = 1
"""The exit status where something differs, as diff(1) has it."""

PICTURES = (".svg", ".png", ".pdf", ".dot", ".mmd")


@click.command(cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--passes", is_flag=True, help="In place of NEW: what each pass of the compiler does to OLD.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("-o", "--output", metavar="OUT", help="Draw both in one coloured picture: svg, png, pdf, dot or mmd.")
@click.option("--force", is_flag=True, help="Overwrite a picture that netdsl did not write.")
@set_option
@input_option
@plugin_option
@root_option
@click.pass_context
def command(
    context: click.Context,
    old: str,
    new: str | None,
    passes: bool,
    as_json: bool,
    output: str | None,
    force: bool,
    parameters: tuple[tuple[str, Any], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    plugins: tuple[str, ...],
    root: Path | None,
) -> None:
    """Show what is different in the network NEW: layers, figures, and the keys of the state_dict.

    OLD and NEW are FILE, FILE:NET or FILE:NET,name=value for a network with a parameter set. Without a FILE, NEW stands
    in the same file; without a NET too, it is the same network. --set and --input hold for both. The exit status is 0
    where nothing differs, and 1 where something does; with --passes it is 0.
    """
    settings = context.ensure_object(Settings)
    common = Request("", None, dict(parameters), dict(inputs), plugins, root, settings)
    first = _side(old, common, "OLD")
    if passes:
        if new is not None or output is not None:
            raise click.UsageError("--passes goes with one network, and draws nothing")
        stages = first.compile().stages()
        click.echo(stages.to_json() if as_json else stages.to_text(width()))
        return
    if new is None:
        raise click.UsageError("name two networks, or one and --passes")
    second = _side(new, replace(common, file=first.file, net=first.net), "NEW")
    difference = first.compile().diff(second.compile())
    if output is not None:
        difference.draw(_picture(output), force=force)
        say(f"wrote {output}")
    if as_json:
        click.echo(difference.to_json())
    else:
        color = settings.colored(sys.stdout)
        click.echo(difference.to_text(width(), color=color), color=color)
    context.exit(0 if difference.equal else DIFFERENT)


def _picture(output: str) -> Path:
    path = Path(output)
    if path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"end the file's name in {', '.join(PICTURES)}", param_hint="-o")
    return path


def _side(text: str, common: Request, name: str) -> Request:
    """The network that OLD or NEW means; `common` says what is meant by what is left out."""
    if Path(text).exists():
        return replace(common, file=text, net=None)
    place, *settings = text.split(",")
    file, colon, net = place.rpartition(":")
    if not colon or not (net.isidentifier() or not net):
        file, net = place, ""
    parameters = dict(common.parameters)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip().isidentifier():
            raise click.BadParameter(f"{setting!r} is not of the form name=value", param_hint=name)
        try:
            parameters[key.strip()] = read_value(value.strip())
        except ValueError as error:
            raise click.BadParameter(f"{key.strip()}: {error}", param_hint=name) from None
    if not file and not common.file:
        raise click.BadParameter("name a file", param_hint=name)
    same = common.net if not file else None
    return replace(common, file=file or common.file, net=net or same, parameters=parameters)
