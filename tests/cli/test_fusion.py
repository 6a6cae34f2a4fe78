"""`netdsl fusion`: the table on stdout, or one JSON object."""

from __future__ import annotations

import json


def test_the_table_goes_to_stdout(netdsl):
    result = netdsl("fusion", "tiny.net")
    assert (result.exit_code, result.stderr) == (0, "")
    head, rule, *rows = result.stdout.splitlines()
    assert head.split()[:3] == ["node", "operator", "kernel"]
    assert set(rule) == {"─"}
    assert any("moved at batch 1 in fp16" in row for row in rows)


def test_json_is_one_object(netdsl):
    told = json.loads(netdsl("fusion", "tiny.net", "--json").stdout)
    assert {"network", "nodes", "steps", "bytes_before", "bytes_after", "groups"} <= told.keys()
    assert {"step", "nodes", "fused", "reason"} == told["groups"][0].keys()
    more = json.loads(netdsl("fusion", "tiny.net", "--json", "--batch", "2", "--dtype", "fp32").stdout)
    assert told["bytes_after"] < more["bytes_after"] < 4 * told["bytes_after"]
    assert (more["batch"], more["dtype"], more["steps"]) == (2, "fp32", told["steps"])


def test_misuse(netdsl):
    assert netdsl("fusion", "tiny.net", "--batch", "0").exit_code == 2
    assert netdsl("fusion", "tiny.net", "--dtype", "int4").exit_code == 2
    assert netdsl("fusion", "wrong.net").exit_code == 1
