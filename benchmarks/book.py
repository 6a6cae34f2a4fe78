"""Results that survive an interruption: a JSON file, written whole after every change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Book:
    """`cells` holds what came of each measurement by its name; `about` what holds for all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.about: dict[str, Any] = {}
        self.cells: dict[str, dict[str, Any]] = {}
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            self.about, self.cells = found["about"], found["cells"]

    def done(self, key: str) -> bool:
        """Whether a measurement was finished, well or badly; one that was cut off, or died without a word, was not."""
        return key in self.cells and not self.cells[key].get("unfinished")

    def tried(self, key: str) -> bool:
        """Whether a measurement had all the time that it may take and was not finished: others come first."""
        return key in self.cells and not self.done(key) and not self.cells[key].get("hurried")

    def put(self, key: str, result: dict[str, Any]) -> None:
        self.cells[key] = result
        self.save()

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"about": self.about, "cells": self.cells}, indent=1) + "\n", encoding="utf-8")
        new.replace(self.path)
