"""The example networks: those of docs/zoo.json, each compiled once in a process."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import netdsl
from netdsl.ops import OPS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ORACLE = ROOT / "tests" / "oracle"


def name(entry: dict[str, Any]) -> str:
    """What a network of docs/zoo.json is called in tests: by its net, with what is set: `mobilenet(width = 0.5)`."""
    given = ", ".join(f"{key} = {value}" for key, value in entry["set"].items())
    return f"{entry['net']}({given})" if given else str(entry["net"])


ZOO = {name(entry): entry for entry in json.loads((ROOT / "docs" / "zoo.json").read_text(encoding="utf-8"))}
FILE = {network: ROOT / entry["file"] for network, entry in ZOO.items()}
FAMILIES = {
    str(path.relative_to(EXAMPLES)): tuple(network for network in FILE if FILE[network] == path)
    for path in dict.fromkeys(FILE.values())
}


@functools.cache
def compiled(network: str) -> Any:
    """The example `network`, with its parameters as docs/zoo.json and the file give them."""
    return compile_with(network)


def compile_with(network: str, **parameters: Any) -> Any:
    """The example with further `parameters`."""
    entry = ZOO[network]
    with plugin(entry):
        return netdsl.compile(FILE[network], network=entry["net"], **{**entry["set"], **parameters})


def check(file: str, folder: Path = EXAMPLES) -> tuple[Any, ...]:
    """What `netdsl check` finds in the file of a family, as it stands in `folder`."""
    with plugin(ZOO[FAMILIES[file][0]]):
        return netdsl.check(folder / file)


@contextmanager
def plugin(entry: dict[str, Any]) -> Iterator[None]:
    """The operators of the plugin that a network needs, for as long as it is compiled: no other test is to see them."""
    known = operators(entry["plugin"]) if "plugin" in entry else {}
    added = {operator: known[operator] for operator in known if operator not in OPS}  # one may stand inside another
    OPS.update(added)
    try:
        yield
    finally:
        for operator in added:
            del OPS[operator]


@functools.cache
def operators(plugin: str) -> dict[str, Any]:
    """What importing a plugin registers, taken out again."""
    known = set(OPS)
    importlib.import_module(plugin)
    return {operator: OPS.pop(operator) for operator in list(OPS) if operator not in known}


@functools.cache
def recorded(name: str) -> dict[str, Any]:
    """`tests/oracle/<name>.json`: `golden` has the counts of reference implementations, `oracle` their numbers."""
    return dict(json.loads((ORACLE / f"{name}.json").read_text(encoding="utf-8")))


@functools.cache
def summary(network: str) -> dict[str, Any]:
    """What `netdsl summary --json` prints."""
    return dict(json.loads(compiled(network).summary().to_json()))
