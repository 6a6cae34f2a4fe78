"""Loading weights from files that nobody vouches for.

Sizes are judged before memory is taken; pickles are opened with `weights_only=True`, said outright (the default can be
turned off by an environment variable), and never opened in another way; every tensor is checked before one is copied;
nothing is left at its random value in silence.
"""

from __future__ import annotations

import difflib
import json
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.diagnostics import NetdslError, placeless
from netdsl.files import reason

SLACK = 16 << 20  # bytes, for headers and small networks
FACTOR = 1.2
SHOWN = 10

# What torch says of a pickle that is whole and asks for more than tensors.
_OTHER_OBJECTS = (
    "Unsupported global",
    "Trying to load unsupported GLOBAL",
    "unrecognized function",
    "Can not create new",
)


def load_weights(module: nn.Module, path: Path) -> None:
    """Copy the weights in `path` (safetensors, or `torch.save` of a state_dict) into `module`, all of them or none.

    Raises NetdslError: N706 and N711 to N717.
    """
    expected = module.state_dict()
    need = sum(tensor.numel() * tensor.element_size() for tensor in expected.values())
    limit = int(FACTOR * need) + SLACK
    head = _head(path, limit)
    if head[8:9] == b"{":
        found = _safetensors(path, head)
    elif path.suffix == ".safetensors":
        raise _damaged(path, head)
    else:
        found = _pickled(path, head, limit)
    _check_claims(path, found)
    _check_names(path, expected, found)
    _check_tensors(path, expected, found)
    # What old files lack and batch norm never reads at inference; torch's own loader supplies it too.
    counters = {name: expected[name] for name in expected.keys() - found.keys()}
    module.load_state_dict({**found, **counters}, strict=True)


# ------------------------------------------------------------------------------------------------ reading the file


def _head(path: Path, limit: int) -> bytes:
    if not path.is_file():
        raise placeless("N706", f"`{path}` is not a file" if path.exists() else f"there is no file of weights `{path}`")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise placeless("N706", f"cannot read `{path}`: {reason(error)}") from error
    if not head:
        raise placeless("N711", f"`{path}` is empty", help="fetch or save it again")
    if size > limit:
        raise _too_large(path, size, limit)
    return head


def _safetensors(path: Path, head: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    length = int.from_bytes(head[:8], "little")
    try:
        with path.open("rb") as file:
            file.seek(8)
            header = file.read(min(length, path.stat().st_size))
        json.loads(header, object_pairs_hook=_once)
        return load_file(path, device="cpu")
    except _NamedTwice as error:
        raise placeless("N716", f"`{path}` names `{error}` twice", help="save the weights again") from error
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise _damaged(path, head) from error


class _NamedTwice(Exception):
    """safetensors itself takes the last of two tensors of one name."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Raises _NamedTwice; what the pairs hold is for safetensors itself to read."""
    found: set[str] = set()
    for name, _ in pairs:
        if name in found:
            raise _NamedTwice(name)
        found.add(name)


def _pickled(path: Path, head: bytes, limit: int) -> dict[str, Tensor]:
    if head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise _damaged(path, head) from error
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise placeless("N713", f"`{path}` is compressed, which `torch.save` never does")
        if (size := sum(member.file_size for member in members)) > limit:
            raise _too_large(path, size, limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if any(sign in str(error).partition("WeightsUnpickler error:")[2] for sign in _OTHER_OBJECTS):
            raise placeless(
                "N712",
                f"`{path}` holds more than tensors, and is not opened",
                help="save the weights alone: `torch.save(model.state_dict(), path)`, or as safetensors",
            ) from error
        raise _damaged(path, head) from error
    except Exception as error:  # EOFError, KeyError, RuntimeError, ...: torch lets through whatever the bytes provoke
        raise _damaged(path, head) from error
    if not isinstance(loaded, dict):
        raise placeless(
            "N711",
            f"`{path}` holds no state_dict, but {'a tensor' if isinstance(loaded, Tensor) else 'something else'}",
            help="save `model.state_dict()`",
        )
    strangers = [key for key, value in loaded.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if strangers:
        nested = [key for key in strangers if isinstance(key, str) and isinstance(loaded[key], dict)]
        raise placeless(
            "N711",
            f"`{path}` is a checkpoint with other things beside the weights: {_listed(map(str, strangers))}",
            help=f"save the state_dict alone, here perhaps `checkpoint[{nested[0]!r}]`" if nested else None,
        )
    return loaded


# ---------------------------------------------------------------------------------------------- checking its tensors


def _check_claims(path: Path, found: Mapping[str, Tensor]) -> None:
    for name, tensor in found.items():
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise placeless("N716", f"`{name}` in `{path}` is not an ordinary tensor, but {_kind(tensor)}")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise placeless(
                "N716",
                f"`{name}` in `{path}` claims {tensor.numel():,} elements and stores "
                f"{tensor.untyped_storage().nbytes() // tensor.element_size():,}",
            )


def _kind(tensor: Tensor) -> str:
    if tensor.is_quantized:
        return "quantized"
    return f"on the {tensor.device.type} device" if tensor.device.type != "cpu" else "sparse"


def _check_names(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    missing = [name for name in expected if name not in found and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in found if name not in expected]
    if not missing and not unexpected:
        return
    hint = None
    if unexpected and all(name.startswith("module.") for name in found):
        hint = "the names begin with `module.`: save `model.module.state_dict()`, as DataParallel wraps the model"
    elif not expected.keys() & found.keys():
        hint = "this is another network's file; check `--net` and FILE"
    notes = []
    if missing:
        notes.append(f"missing: {_listed(_with_nearest(missing, unexpected))}")
    if unexpected:
        notes.append(f"unexpected: {_listed(f'`{name}`' for name in unexpected)}")
    raise placeless(
        "N714",
        f"`{path}` lacks {len(missing)} of the network's {len(expected)} tensors "
        f"and holds {len(unexpected)} that it does not have",
        notes=tuple(notes),
        help=hint,
    )


def _with_nearest(missing: list[str], unexpected: list[str]) -> Iterable[str]:
    for name in missing:
        near = difflib.get_close_matches(name, unexpected[:1000], 1, 0.8)
        yield f"`{name}` (the file has `{near[0]}`)" if near else f"`{name}`"


def _check_tensors(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    wrong = []
    for name, tensor in found.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape:
            turned = tensor.shape == wanted.shape[::-1] and tensor.dim() == 2
            wrong.append(f"`{name}` is {_size(tensor)}, not {_size(wanted)}{' (transposed?)' if turned else ''}")
        elif tensor.is_floating_point() != wanted.is_floating_point() or tensor.is_complex() != wanted.is_complex():
            wrong.append(f"`{name}` is {_type(tensor)}, not {_type(wanted)}")
    if wrong:
        raise placeless(
            "N715",
            f"{len(wrong)} of the {len(found)} tensors in `{path}` {'does' if len(wrong) == 1 else 'do'} not fit",
            notes=(_listed(wrong),),
            help="check the network's parameters (`--set classes=10`)",
        )
    broken = [
        f"`{name}`" for name, tensor in found.items() if tensor.is_floating_point() and not tensor.isfinite().all()
    ]
    if broken:
        tensors = "1 tensor" if len(broken) == 1 else f"{len(broken)} tensors"
        verb = "holds" if len(broken) == 1 else "hold"
        raise placeless("N717", f"{tensors} in `{path}` {verb} NaN or infinity", notes=(_listed(broken),))


# ------------------------------------------------------------------------------------------------------ saying so


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _size(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _too_large(path: Path, size: int, limit: int) -> NetdslError:
    return placeless(
        "N713",
        f"`{path}` holds {size / 2**20:.1f} MiB, and this network's weights may take {limit / 2**20:.1f}",
        help="check that the file belongs to this network, and save the state_dict alone",
    )


def _damaged(path: Path, head: bytes) -> NetdslError:
    page = head.lstrip()[:1] == b"<"
    return placeless(
        "N711",
        f"`{path}` is a web page, not a file of weights" if page else f"`{path}` is not a file of weights, or damaged",
        help="fetch or save it again",
    )
