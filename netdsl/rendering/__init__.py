"""Diagnostics as text: for people, for editors, for continuous integration."""

from __future__ import annotations

from netdsl.rendering.formats import concise, github, json, sarif
from netdsl.rendering.page import render

__all__ = ["concise", "github", "json", "render", "sarif"]
