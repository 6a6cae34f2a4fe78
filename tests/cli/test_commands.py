"""Each command on small texts: what goes to stdout, to stderr, to files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.cli.network import read_shape, read_value
from netdsl.codes import CODES
from tests.cli.texts import TINY, WRONG


def product(result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


# ---------------------------------------------------------------------------------------------------------- compile


def test_the_module_goes_to_stdout(netdsl):
    result = netdsl("compile", "tiny.net")
    text = product(result)
    assert not result.stderr
    assert "class Tiny(nn.Module):" in text
    compile(text, "tiny.py", "exec")


def test_the_module_goes_to_a_file_and_stderr_says_so(netdsl, here):
    result = netdsl("compile", "tiny.net", "-o", "tiny.py", "--plain")
    assert not product(result)
    assert "tiny.py" in result.stderr
    assert (here / "tiny.py").read_text() == product(netdsl("compile", "tiny.net", "--plain"))
    assert netdsl("compile", "tiny.net", "-o", "tiny.py").exit_code == 0  # it may overwrite what it wrote


def test_a_module_with_its_kernels_names_netdsl_in_no_import(netdsl):
    text = product(
        netdsl("compile", "-", "--standalone", input="net a { input x: 3x4x4; output y = x -> conv(2, 1) -> relu }")
    )
    assert "def conv_relu(" in text
    assert "import netdsl" not in text
    assert "from netdsl" not in text
    result = netdsl("compile", "tiny.net", "--standalone", "--plain")
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_dash_is_stdin_and_stdout(netdsl):
    assert product(netdsl("compile", "-", "-o", "-", input=TINY)).startswith(product(netdsl("compile", "tiny.net"))[:3])
    assert "class Tiny" in product(netdsl("compile", "-", input=TINY))
    result = netdsl("compile", "-", input=WRONG)
    assert result.exit_code == 1
    assert "<stdin>:3" in result.stderr


def test_what_netdsl_did_not_write_stays(netdsl, here):
    (here / "tiny.py").write_text("mine\n")
    result = netdsl("compile", "tiny.net", "-o", "tiny.py")
    assert result.exit_code == 1
    assert "N702" in result.stderr
    assert (here / "tiny.py").read_text() == "mine\n"
    assert netdsl("compile", "tiny.net", "-o", "tiny.py", "--force").exit_code == 0


def test_a_text_with_a_mistake_leaves_the_old_module(netdsl, here):
    product(netdsl("compile", "tiny.net", "-o", "net.py"))
    before = (here / "net.py").read_bytes()
    assert netdsl("compile", "wrong.net", "-o", "net.py").exit_code == 1
    assert (here / "net.py").read_bytes() == before


def test_parameters_and_networks_are_chosen(netdsl, here):
    (here / "two.net").write_text(TINY + TINY.replace("tiny", "small"))
    result = netdsl("summary", "two.net")
    assert result.exit_code == 1
    assert "tiny" in result.stderr
    assert "small" in result.stderr
    figures = json.loads(product(netdsl("summary", "two.net", "--net", "small", "--set", "classes=7", "--json")))
    assert figures["network"] == "small"
    assert figures["outputs"] == {"scores": [7]}


def test_an_example_is_found_by_name(netdsl, here):
    result = netdsl("compile", "lenet.net")
    assert "class LeNet" in product(result) or "class Lenet" in product(result)
    assert "example" in result.stderr
    (here / "lenet.net").write_text(TINY)
    result = netdsl("compile", "lenet.net")
    assert "class Tiny" in product(result)
    assert not result.stderr
    assert netdsl("compile", os.path.join("elsewhere", "lenet.net")).exit_code == 1  # noqa: PTH118 - as typed


# ------------------------------------------------------------------------------------------------------------ check


def test_check_is_quiet_on_stdout_when_all_is_well(netdsl):
    result = netdsl("check", "tiny.net")
    assert not product(result)
    assert "no errors" in result.stderr


def test_check_reports_every_file(netdsl, here):
    (here / "third.net").write_text(WRONG)
    result = netdsl("check", "wrong.net", "tiny.net", "third.net")
    assert result.exit_code == 1
    assert "wrong.net:3" in result.stdout
    assert "third.net:3" in result.stdout
    assert "tiny.net" not in result.stdout


@pytest.mark.parametrize("style", ["json", "sarif"])
def test_machines_get_json_and_nothing_else(netdsl, style):
    clean, wrong = (netdsl("check", name, "--output-format", style) for name in ("tiny.net", "wrong.net"))
    assert clean.exit_code == 0
    assert wrong.exit_code == 1
    json.loads(clean.stdout)
    assert "rellu" in json.dumps(json.loads(wrong.stdout))
    assert not clean.stderr
    assert not wrong.stderr


def test_a_line_for_each_mistake(netdsl):
    concise = netdsl("check", "wrong.net", "--output-format", "concise").stdout
    assert concise.startswith("wrong.net:3:")
    assert len(concise.splitlines()) == 1
    assert netdsl("check", "wrong.net", "--output-format", "github").stdout.startswith("::error ")


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_asked_for_in_this_order(here, arguments, environment, colored):
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "check", "wrong.net", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert ("\x1b[" in done.stdout) == colored


# ---------------------------------------------------------------------------------------------------------- summary


def test_summary_counts(netdsl):
    figures = json.loads(product(netdsl("summary", "tiny.net", "--json")))
    assert figures["params"] == 3 * 4 * 9 + 4 + 256 * 10 + 10
    assert figures["macs"] == 3 * 4 * 9 * 64 + 2560
    table = product(netdsl("summary", "tiny.net"))
    assert "2,682" in table
    assert "conv" in table


# -------------------------------------------------------------------------------------------------------------- fmt

UGLY = "net a{input x:[3]\noutput y=x->relu   # rectify\n}\n"


def test_fmt_rewrites_the_file_once(netdsl, here):
    (here / "a.net").write_text(UGLY)
    assert netdsl("fmt", "a.net").exit_code == 0
    first = (here / "a.net").read_text()
    assert first != UGLY
    assert "# rectify" in first
    assert not netdsl("fmt", "a.net").stderr
    assert (here / "a.net").read_text() == first
    assert netdsl("fmt", "a.net", "--check").exit_code == 0


@pytest.mark.parametrize("flags", [["--check"], ["--diff"], ["--check", "--diff"]])
def test_fmt_that_only_looks(netdsl, here, flags):
    (here / "a.net").write_text(UGLY)
    result = netdsl("fmt", "a.net", *flags)
    assert result.exit_code == 1
    assert (here / "a.net").read_text() == UGLY
    assert ("+++ " in result.stdout) == ("--diff" in flags)


def test_fmt_reads_stdin(netdsl, here):
    (here / "a.net").write_text(UGLY)
    netdsl("fmt", "a.net")
    assert product(netdsl("fmt", "-", input=UGLY)) == (here / "a.net").read_text()


def test_fmt_of_a_broken_file_changes_nothing_and_goes_on(netdsl, here):
    (here / "broken.net").write_text("net a {")
    (here / "a.net").write_text(UGLY)
    result = netdsl("fmt", "broken.net", "a.net")
    assert result.exit_code == 1
    assert "broken.net:1" in result.stderr
    assert (here / "broken.net").read_text() == "net a {"
    assert (here / "a.net").read_text() != UGLY


# ------------------------------------------------------------------------------------------------- explain and doctor


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_explained(netdsl, code):
    text = product(netdsl("explain", code.lower()))
    title, _, body = text.partition("\n")
    assert title == f"{code}: {CODES[code].title}"
    assert len(body.split()) >= 15, "an explanation is a paragraph, at least"


def test_explain_lists_all_codes(netdsl):
    assert [line.split()[0] for line in product(netdsl("explain")).splitlines()] == sorted(CODES)


def test_doctor_reports(netdsl):
    text = product(netdsl("doctor"))
    for row in ("netdsl", "python", "torch", "gpu", "graphviz", "caches"):
        assert any(line.split()[0] == row for line in text.splitlines()), row


# ---------------------------------------------------------------------------------------------------------- plugins


def test_a_plugin_that_is_not_there(netdsl):
    result = netdsl("check", "tiny.net", "--plugin", "no_such_module.py")
    assert result.exit_code == 1
    assert "N707" in result.stderr
    assert "`no_such_module`" in result.stderr


def test_a_plugin_that_breaks(netdsl, here):
    (here / "broken_plugin.py").write_text("1 / 0\n")
    result = netdsl("compile", "tiny.net", "--plugin", "broken_plugin")
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr


PLUGIN = """
import netdsl
from netdsl.ops.op import Op

@netdsl.operator("my.double", "doubling:double")
class Double(Op):
    \"\"\"Twice the value.\"\"\"

    def infer(self, x):
        return x
"""
DOUBLING = "def double(x):\n    return 2 * x\n"


@pytest.mark.parametrize("command", ["check", "compile", "summary", "run"])
def test_a_plugin_in_the_present_folder(here, command):
    (here / "my_operators.py").write_text(PLUGIN)
    (here / "doubling.py").write_text(DOUBLING)
    (here / "a.net").write_text("net a { input x: [3]; output y = x -> my.double }\n")
    line = [sys.executable, "-m", "netdsl", command, "a.net"]
    assert subprocess.run(line, capture_output=True, check=False).returncode == 1
    line = [str(Path(sys.executable).with_name("netdsl")), *line[3:], "--plugin", "my_operators"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert command == "check" or "y" in done.stdout


# ------------------------------------------------------------------------------------------------- reading arguments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("-3", -3),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("true", True),
        ("false", False),
        ("3x3", (3, 3)),
        ("[1, 2, [3, 4.5]]", (1, 2, (3, 4.5))),
        ("[]", ()),
        ("same", "same"),
        ('"two words"', "two words"),
    ],
)
def test_values_on_the_command_line(text, value):
    read = read_value(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text", ["", "[null]", "NaN2 x", "[1", "{}", '{"a": 1}', "1e999", "[-1e999]", "--", "٣", "[" * 5000]
)
def test_what_is_no_value(text):
    with pytest.raises(ValueError):
        read_value(text)


def test_shapes_on_the_command_line():
    assert read_shape("3x256x256") == read_shape("[3, 256, 256]") == read_shape("3×256×256") == (3, 256, 256)
    assert read_shape("7") == (7,)
    for text in ("", "x", "3x", "-1x3", "3.5", "٣x٣", "9" * 30):
        with pytest.raises(ValueError):
            read_shape(text)


def test_bundled_files_are_there():
    from netdsl.cli.network import examples
    from netdsl.cli.run import BUNDLED_IMAGE, BUNDLED_NETWORK

    assert (examples() / BUNDLED_NETWORK).is_file()
    assert (examples() / BUNDLED_IMAGE).is_file()
    assert Path(examples() / f"{BUNDLED_IMAGE}.license").is_file()
