"""Two hundred attempts to make a text run, five thousand names, and every name that Python or torch has for itself."""

from __future__ import annotations

import ast
import contextlib
import keyword
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from torch import nn

import netdsl
from netdsl.cli.network import read_value
from netdsl.diagnostics import NetdslError
from netdsl.emit.allowed import strangers
from netdsl.runtime.loading import load, network_class
from netdsl.syntax.elaborate import check_program
from netdsl.syntax.elaborate import load as load_program
from netdsl.syntax.read import from_text
from tests.emit.payloads import CANARY, PAYLOADS, SINKS, cases

ROOT = Path(__file__).parents[2]
UNICODE_NAMES = 5_000


def emitted(text: str, **how) -> str | None:
    """The module; None where the text is refused."""
    try:
        return netdsl.compile(text, "f", **how).source()
    except NetdslError:
        return None


def assert_harmless(source: str) -> None:
    """It parses, holds nothing foreign, begins as it should; it is run, built, and leaves no canary."""
    assert strangers(ast.parse(source)) == []
    assert source.startswith('"""')
    assert not any(c in source for c in "\r\x0c\x0b\x85\u2028\u2029\x00\u202e\u202c")
    assert isinstance(network_class(load(source, "f"))(), nn.Module)
    assert not Path(CANARY).exists()


def test_there_are_two_hundred_attempts():
    assert len(set(PAYLOADS)) == 40
    assert len(list(cases())) == 200


@pytest.mark.parametrize("sink", SINKS)
def test_no_text_runs(sink, tmp_path, monkeypatch, counted):
    monkeypatch.chdir(tmp_path)
    compiled = 0
    for _, place, texts in cases():
        if place == sink:
            for text in texts:
                if (source := emitted(text)) is not None:
                    assert_harmless(source)
                    compiled += 1
            counted("injections tried", 1)
    assert not Path(CANARY).exists()
    assert compiled or sink != "comments", "nothing was compiled, so nothing was tried"


def test_no_name_of_a_file_runs(tmp_path, monkeypatch):
    """The name stands in the module's docstring."""
    monkeypatch.chdir(tmp_path)
    for payload in PAYLOADS:
        name = payload.replace("/", "_").replace("\0", "_")[:200] + ".net"
        Path(name).write_text("net f { input x: 3x4x4; output y = x -> conv(2, 1) }\n")
        assert_harmless(netdsl.compile(Path(name)).source())


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_value_from_outside_runs(payload, tmp_path, monkeypatch):
    """What `--set` and the Python API hand in."""
    monkeypatch.chdir(tmp_path)
    text = 'net f(n = 2, t = "a") { input x: 3x4x4; output y = x -> "{t}": conv(n, 1) }\n'
    for how in ({"n": payload}, {"t": payload}):
        if (source := emitted(text, **how)) is not None:
            assert_harmless(source)
    with contextlib.suppress(ValueError):
        read_value(payload)
    assert not Path(CANARY).exists()


# An audit hook cannot be taken away again: hence a process of its own.
AUDITED = """
import sys
import netdsl
from tests.emit.payloads import cases
good = "## A net.\\nnet f { input x: 3x4x4; output y = x -> conv(2, 1); output z = y }"
netdsl.compile(good).source()  # imports what it needs
ran, done = set(), []
QUIET = ("open", "compile", "exec", "import", "marshal.", "object.__", "sys._getframe", "os.listdir", "os.scandir",
         "builtins.id")
def watch(event, arguments):
    if event == "exec":
        ran.add(arguments[0].co_filename)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append((event, *map(str, arguments)))
    elif not event.startswith(QUIET):
        done.append((event, *map(str, arguments)))
sys.addaudithook(watch)
compiled = 0
for _, _, texts in cases():
    for text in (*texts, good):
        try:
            netdsl.compile(text, "f").source()
            compiled += 1
        except netdsl.NetdslError:
            pass
print(compiled, sorted(ran), done, sep="\\n")
"""


def test_nothing_of_a_text_is_executed_while_it_compiles():
    """The interpreter itself says what it executes: our own files, and the constructors that the replay runs."""
    done = subprocess.run([sys.executable, "-c", AUDITED], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    compiled, ran, events = done.stdout.splitlines()
    assert int(compiled) >= 200
    strange = [
        name for name in ast.literal_eval(ran) if not Path(name).is_file() and name not in ("<NetF>", "<string>")
    ]
    assert [name for name in strange if not name.startswith("<frozen ")] == []
    assert "<NetF>" in ast.literal_eval(ran), "the hook saw nothing"
    assert events == "[]"


# ------------------------------------------------------------------------------------------------------------ names


def unicode_names(count: int) -> list[str]:
    """Names in the letters, digits and marks of all scripts, many of them names to Python too."""
    source = random.Random(3)
    letters = [chr(c) for c in range(0x30000) if unicodedata.category(chr(c))[0] in "LNM"]
    ascii_letters = "abcxyzABCXYZ_019"
    found: dict[str, None] = {}
    while len(found) < count:
        share = source.random() ** 2
        name = "".join(
            source.choice(letters if source.random() < share else ascii_letters) for _ in range(source.randint(1, 6))
        )
        found[name] = None
    return list(found)


def test_five_thousand_names_are_refused_or_stay_themselves(counted):
    """As a label in quotes: the key in the state_dict is the name, to the character, or there is an error."""
    names = unicode_names(UNICODE_NAMES)
    kept = []
    for start in range(0, len(names), 50):
        part = names[start : start + 50]
        text = "".join(
            f'net f{i} {{ input x: 3x4x4; output y = x -> "{name}": conv(2, 1) -> relu }}\n'
            for i, name in enumerate(part)
        )
        wrong = {d.span.line for d in check_program(load_program(from_text("a", text), None)) if d.span}
        kept += [name for line, name in enumerate(part, 1) if line not in wrong]
    assert all(name.isascii() for name in kept)
    assert 500 < len(kept) < UNICODE_NAMES - 500
    for start in range(0, len(kept), 100):
        part = kept[start : start + 100]
        chain = " -> ".join(f'"{name}": conv(3, 1)' for name in part if not name.isdecimal())
        module = netdsl.compile(f"net f {{ input x: 3x4x4; output y = x -> relu -> {chain} }}").module()
        keys = [key.rpartition(".")[0] for key in module.state_dict()][::2]
        assert keys == [name for name in part if not name.isdecimal()]
    counted("Unicode names tried", len(names))


TAKEN = sorted(
    {name for kind in (nn.Module, nn.Sequential) for name in dir(kind()) if name.isidentifier()}
    | set(keyword.kwlist)
    | set(keyword.softkwlist)
    | {"torch", "nn", "F", "Tensor", "NamedTuple", "math", "self", "super", "tl", "triton", "channels", "x", "y", "aux"}
)


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_python_or_torch_has_breaks_nothing(name, counted):
    """In every place where a name can stand the module works, or the text is refused."""
    body = f"input {name}_: 3x4x4; {name}__ = {name}_ -> b({name}); output y = {name}__ -> b(3)"
    net = f"net f({name} = 2) {{ {body} }}"
    texts = [
        f"net f {{ input x: 3x4x4; output y = x -> {name}: conv(2, 1) -> relu -> b: conv(2, 1) }}",
        f"block {name}(c) = conv(c, 1) -> relu\nnet f {{ input x: 3x4x4; output y = x -> {name}(2) -> {name}(3) }}",
        f"block b({name}) = conv({name}, 1) -> relu\n{net}",
        f"net f {{ input {name}: 3x4x4; output {name}_ = {name} -> conv(2, 1); output z = {name} }}",
    ]
    for text in texts:
        try:
            network = netdsl.compile(text, "f")
        except NetdslError:
            continue
        counted("names that Python or torch has, in place", 1)
        module = network.module().eval()
        assert len(list(module.parameters())) == len(set(module.state_dict()))
        module.train().double().requires_grad_(False)
        module.load_state_dict(module.state_dict(), strict=True)
        assert repr(module)
        assert not list(module.named_buffers())
