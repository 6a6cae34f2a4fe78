"""The network as an ONNX file, written by PyTorch's own exporter, which folds batch norms into convolutions."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from netdsl.runtime.bench.case import Case


@contextmanager
def exported(case: Case) -> Iterator[Path]:
    """A file that is there while a peer reads it. Inputs and weights are float32."""
    with TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is called the old one
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        inputs = tuple(x.cpu().float() if x.is_floating_point() else x.cpu() for x in case.inputs)
        path = Path(folder) / "network.onnx"
        try:
            torch.onnx.export(case.module, inputs, str(path), dynamo=False)
        finally:
            logging.disable(before)
        yield path
