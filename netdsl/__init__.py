"""netdsl: neural networks as text, checked, counted, and compiled to PyTorch.

>>> import netdsl
>>> net = netdsl.compile("net f { input x: [4]; output y = x -> linear(3) -> relu }")
>>> net.summary().params
15
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.compiler import Network, check, compile
    from netdsl.diagnostics import Diagnostic, InternalError, NetdslError
    from netdsl.graph import Graph
    from netdsl.ops.plugin import operator

__version__ = "0.1.0"
__all__ = ["Diagnostic", "Graph", "InternalError", "NetdslError", "Network", "check", "compile", "operator"]

_HOMES = {
    "Network": "netdsl.compiler",
    "check": "netdsl.compiler",
    "compile": "netdsl.compiler",
    "Diagnostic": "netdsl.diagnostics",
    "InternalError": "netdsl.diagnostics",
    "NetdslError": "netdsl.diagnostics",
    "Graph": "netdsl.graph",
    "operator": "netdsl.ops.plugin",
    # What IPython calls on `%load_ext netdsl` and `%unload_ext netdsl`.
    "load_ipython_extension": "netdsl.notebook",
    "unload_ipython_extension": "netdsl.notebook",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use: `import netdsl` and `netdsl --help` cost milliseconds.
    if name not in _HOMES:
        raise AttributeError(f"module 'netdsl' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
