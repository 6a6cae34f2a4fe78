"""What Python tells the kernels in C lies where C reads it: each field of a structure, each constant."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path

import pytest

from netdsl.native import packing, series, step
from netdsl.native.library import HERE, compiler, library
from netdsl.plan import cut
from netdsl.runtime.engine import native

pytestmark = pytest.mark.skipif(library().functions is None, reason=library().why_not or "there is a compiler")

STRUCTS = {
    "map": step.Map,
    "activation": step.Activation,
    "step": step.Step,
    "call": series.Call,
    "own": series.Own,
}
CONSTANTS = {
    "LANES": {step.LANES},
    "PANEL": {step.PANEL},
    "SOURCES": {step.SOURCES},
    "ROWS": {native.AT_ONCE},
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, ...]]:
    """What a C program finds in the headers: offset and size of each field, sizes of structures, constants."""
    lines = [f'printf("{name} %d\\n", {name});' for name in CONSTANTS]
    for name, structure in STRUCTS.items():
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        for field, *_ in structure._fields_:
            place = f"offsetof(struct {name}, {field}), sizeof(((struct {name} *)0)->{field})"
            lines.append(f'printf("{name}.{field} %zu %zu\\n", {place});')
    text = (
        '#include "panel.h"\n#include "series.h"\n#include <stdio.h>\nint main(void) {\n' + "\n".join(lines) + "\n}\n"
    )
    folder = tmp_path_factory.mktemp("told")
    (folder / "told.c").write_text(text, encoding="utf-8")
    made = folder / "told"
    subprocess.run([*compiler(), "-w", f"-I{HERE}", str(folder / "told.c"), "-o", str(made)], check=True)
    found = subprocess.run([str(made)], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in found.splitlines())
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


@pytest.mark.parametrize("name", STRUCTS)
def test_fields_lie_where_c_reads_them(name: str, told: dict[str, tuple[int, ...]]) -> None:
    structure = STRUCTS[name]
    assert told[name] == (ctypes.sizeof(structure),)
    for field, *_ in structure._fields_:
        here = getattr(structure, field)
        assert told[f"{name}.{field}"] == (here.offset, here.size), field


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_the_same(name: str, told: dict[str, tuple[int, ...]]) -> None:
    assert {*told[name]} == CONSTANTS[name]


def test_winograds_tiles_are_the_same() -> None:
    text = (Path(HERE) / "winograd.c").read_text(encoding="utf-8")
    assert f"TILE = {packing.TILE}, POINTS = {packing.POINTS}, GAP = {packing.GAP}" in text


def test_the_cache_of_one_thread_has_one_size() -> None:
    text = (Path(HERE) / "conv.c").read_text(encoding="utf-8")
    found = re.search(r"CACHED = (\d+) \* 1024,", text)
    assert found is not None
    assert 4 * 1024 * int(found[1]) == cut.OWN  # floats there, bytes here
