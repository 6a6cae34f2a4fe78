"""Progress where there is no terminal: nothing, unless it is asked for line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from netdsl.cli.progress import Bar, Line
with Line() as line:
    line.tell("weights")
with Bar("measuring") as bar:
    bar.tell(0.5)
    logging.getLogger("netdsl.runtime").debug("a kernel")
    logging.getLogger("torch").debug("not ours")
"""


@pytest.mark.parametrize("asked", ["", "1"])
def test_line_by_line(asked):
    environment = os.environ | {"NETDSL_PROGRESS": asked}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    wanted = r"\d\d:\d\d:\d\d weights\n\d\d:\d\d:\d\d a kernel\n" if asked else ""
    assert re.fullmatch(wanted, done.stderr)
