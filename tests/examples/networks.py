"""The example networks: those of docs/zoo.json, each compiled once in a process."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import netdsl

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
    path.name: tuple(network for network in FILE if FILE[network] == path) for path in dict.fromkeys(FILE.values())
}


@functools.cache
def compiled(network: str) -> Any:
    """The example `network`, with its parameters as docs/zoo.json and the file give them."""
    return compile_with(network)


def compile_with(network: str, inputs: dict[str, tuple[int, ...]] | None = None, **parameters: Any) -> Any:
    """The example with further `parameters`, and sizes for inputs that have symbols."""
    entry = ZOO[network]
    return netdsl.compile(FILE[network], network=entry["net"], inputs=inputs, **{**entry["set"], **parameters})


@functools.cache
def recorded(name: str) -> dict[str, Any]:
    """`tests/oracle/<name>.json`: `golden` has the counts of reference implementations, `oracle` their numbers."""
    return dict(json.loads((ORACLE / f"{name}.json").read_text(encoding="utf-8")))


@functools.cache
def summary(network: str) -> dict[str, Any]:
    """What `netdsl summary --json` prints."""
    return dict(json.loads(compiled(network).summary().to_json()))
