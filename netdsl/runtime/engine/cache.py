"""What was found the fastest, on disk: a file for each machine and each set of versions.

The folder is `netdsl` in the user's caches, or what NETDSL_CACHE names. A file that cannot be read, or is not ours,
counts as none, and one that cannot be written is not: choices are then measured again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from netdsl import files
from netdsl.diagnostics import NetdslError
from netdsl.native.library import sources_digest

TRITON = Path(files.__file__).parent / "kernels"


def environment(device: torch.device) -> dict[str, Any]:
    """What measurements hold for."""
    found: dict[str, Any] = {"device": device_name(device)}
    found |= {name: _version(name) for name in ("netdsl", "torch", "triton")}
    if device.type == "cpu":
        found |= {"threads": torch.get_num_threads(), "instructions": torch.backends.cpu.get_cpu_capability()}
        found["kernels"] = sources_digest()
    else:
        found |= {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}  # type: ignore[no-untyped-call]
        found |= {"capability": list(torch.cuda.get_device_capability(device)), "driver": driver()}
        found["kernels"] = digest(TRITON)
    return found


def digest(folder: Path) -> str:
    """Tells one state of the kernels there from another: what was measured of one says nothing of the next."""
    found = hashlib.sha256()
    for source in sorted(folder.glob("*.py")):
        found.update(source.read_bytes())
    return found.hexdigest()[:16]


def driver(path: Path = Path("/proc/driver/nvidia/version")) -> str:
    """The version of NVIDIA's driver, as 580.65.06; nothing where the system does not tell."""
    with contextlib.suppress(OSError):
        if found := re.search(r"\b\d{3,}(\.\d+)+\b", path.read_text(encoding="utf-8")):
            return found[0]
    return ""


def device_name(device: torch.device) -> str:
    """As its maker calls it."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


class Choice(NamedTuple):
    """What was found of a task: the name of the candidate that is taken, and of all; the median times in microseconds
    of those that were measured; and of others why they are out."""

    chosen: str
    among: list[str]
    microseconds: Mapping[str, float] = {}
    out: Mapping[str, str] = {}


class Choices:
    """The name of the candidate chosen for a task, by the task's key. It holds only among the same candidates."""

    def __init__(self, device: torch.device) -> None:
        self.environment = environment(device)
        digest = hashlib.sha256(json.dumps(self.environment, sort_keys=True).encode()).hexdigest()[:16]
        self.path = files.caches() / f"engine-{digest}.json"
        self.known = self._read()

    def get(self, key: str, among: list[str]) -> str | None:
        found = self.known.get(key)
        if not isinstance(found, dict) or found.get("among") != among or found.get("chosen") not in among:
            return None
        return str(found["chosen"])

    def about(self, key: str) -> Choice | None:
        """All that is known of a task."""
        found = self.known.get(key)
        if not isinstance(found, dict) or found.keys() != set(Choice._fields):
            return None
        choice = Choice(**found)
        return choice if isinstance(choice.microseconds, dict) and isinstance(choice.out, dict) else None

    def put(self, fresh: Mapping[str, Choice]) -> None:
        """Remember choices by their keys. Others may have written meanwhile."""
        self.known.update({key: choice._asdict() for key, choice in fresh.items()})
        with contextlib.suppress(OSError, NetdslError, ValueError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.known = self._read() | self.known
            files.replace(self.path, json.dumps({"environment": self.environment, "choices": self.known}, indent=1))

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            choices = found["choices"]
            return choices if found["environment"] == self.environment and isinstance(choices, dict) else {}
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
