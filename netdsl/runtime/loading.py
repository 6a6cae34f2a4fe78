"""From emitted source to a live module.

The source runs in a Python module of its own that stands in `sys.modules` and `linecache`, so that tracebacks show
its lines and instances can be pickled within the process. The same source gives the same Python module.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType

from torch import nn


def load(source: str, name: str) -> ModuleType:
    """The Python module that `source` makes; `name` (a network's) appears in tracebacks.

    Runs `source`, so it must be what netdsl emitted: names, numbers and strings that the emitter escaped, never code
    of the text's author.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    module_name = f"netdsl_emitted_{name}_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    filename = f"<netdsl {name} {digest}>"
    module = ModuleType(module_name)
    module.__file__ = filename
    # No modification time, so that linecache never looks for a file of that name.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    sys.modules[module_name] = module
    try:
        exec(compile(source, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module_name], linecache.cache[filename]
        raise
    return module


def network_class(module: ModuleType) -> type[nn.Module]:
    """The class of the network: what the module exports first."""
    found = getattr(module, module.__all__[0])
    assert isinstance(found, type)
    assert issubclass(found, nn.Module)
    return found
