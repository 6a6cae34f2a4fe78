"""Print the emitted source of every example as one JSON object. Run in processes with different hash seeds."""

from __future__ import annotations

import json

from tests.examples.networks import FILE, compiled

if __name__ == "__main__":
    print(json.dumps({network: compiled(network).source(plain=True) for network in FILE}))
