"""`netdsl plan`: the table on stdout, or one JSON object."""

from __future__ import annotations

import json


def test_the_table_goes_to_stdout(netdsl):
    result = netdsl("plan", "tiny.net")
    assert (result.exit_code, result.stderr) == (0, "")
    head, rule, *rows = result.stdout.splitlines()
    assert head.split()[:3] == ["step", "computes", "yields"]
    assert set(rule) == {"─"}
    assert any("at batch 1 in fp16 on h200: " in row for row in rows)


def test_json_is_one_object(netdsl):
    told = json.loads(netdsl("plan", "tiny.net", "--json").stdout)
    given = ("--batch", "8", "--dtype", "fp32", "--device", "1T/100G")
    more = json.loads(netdsl("plan", "tiny.net", "--json", *given).stdout)
    assert (more["batch"], more["dtype"], more["device"]["name"]) == (8, "fp32", "1T/100G")
    assert more["flops"] == 8 * told["flops"]
    assert more["arena"]["size"] >= told["arena"]["size"]
    assert more["seconds"] > told["seconds"]


def test_misuse(netdsl):
    assert netdsl("plan", "tiny.net", "--batch", "0").exit_code == 2
    assert netdsl("plan", "tiny.net", "--dtype", "int4").exit_code == 2
    result = netdsl("plan", "tiny.net", "--device", "abacus")
    assert result.exit_code == 2
    assert "h200" in result.stderr
    assert netdsl("plan", "wrong.net").exit_code == 1
