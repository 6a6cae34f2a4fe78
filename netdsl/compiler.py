"""The compiler on one screen: text -> tree -> graph -> whatever is wanted of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.analysis.summary import Summary, summarise
from netdsl.diagnostics import Diagnostic
from netdsl.emit.module import emit_module
from netdsl.graph import Graph
from netdsl.source import Source
from netdsl.syntax.elaborate import check_program, elaborate, load
from netdsl.syntax.elaborate.network import room
from netdsl.syntax.read import from_text, read_source
from netdsl.verify import verify

if TYPE_CHECKING:
    import torch

    from netdsl.analysis.difference.stages import Stages
    from netdsl.analysis.fusion import Fusion
    from netdsl.comparison import Comparison
    from netdsl.plan.device import Device
    from netdsl.plan.execution import ExecutionPlan
    from netdsl.runtime.bench import Bench
    from netdsl.runtime.engine import Engine
    from netdsl.runtime.proof import Proof


@dataclass(frozen=True, eq=False)
class Network:
    """A compiled network: its `graph`, and what can be read off it.

    `warnings` are what the compiler doubts but accepts.
    """

    graph: Graph
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        return self.graph.name

    @cached_property
    def _plain(self) -> str:
        with room():
            return emit_module(self.graph)

    @cached_property
    def _fused(self) -> str:
        from netdsl.passes.sites import sites

        with room():
            return emit_module(self.graph, sites(self.graph))

    @cached_property
    def _standalone(self) -> str:
        from netdsl.emit.standalone import names, standalone
        from netdsl.passes.sites import sites

        with room():
            return standalone(emit_module(self.graph, sites(self.graph), names()))

    def source(self, *, plain: bool = False, standalone: bool = False) -> str:
        """The PyTorch module as Python text; its `__all__[0]` is the network's class.

        Its `forward` calls functions of netdsl.kernels.fused, such as `conv_bn_relu(x, self.conv1, self.bn1)`: one
        kernel on a GPU, and anywhere else the layers themselves, to the bit. `plain` asks for text that imports torch
        alone; `standalone` for text that holds these functions and their kernels, and imports torch and triton. The
        weights have the same names in all. Raises ValueError where both are asked for.
        """
        if plain and standalone:
            raise ValueError("a module is plain or standalone, not both")
        return self._plain if plain else self._standalone if standalone else self._fused

    def module(self, **parameters: Any) -> torch.nn.Module:
        """An instance of the emitted class, built with torch's own initialisation. Imports torch.

        `parameters` are those of the class's constructor, such as `classes=10`.
        """
        return self._class(self.source())(**parameters)

    def _class(self, source: str) -> type[torch.nn.Module]:
        from netdsl.runtime.loading import load, network_class

        return network_class(load(source, self.name))

    @cached_property
    def fused(self) -> Graph:
        """The network as kernels compute it at inference: its nodes are steps, its `plan` says what else is known."""
        from netdsl.passes import PIPELINE, run

        return run(self.graph, PIPELINE)

    def fusion(self, *, batch: int = 1, dtype: str = "fp16") -> Fusion:
        """What was fused into which step, and why not more; kernels and bytes moved, before and after."""
        from netdsl.analysis.fusion import fusion

        return fusion(self.fused, batch=batch, dtype=dtype)

    def plan(self, *, batch: int = 1, dtype: str = "fp16", device: str | Device = "h200") -> ExecutionPlan:
        """The steps of `fused` with their FLOPs, bytes and least time on a device, and where all values live.

        `dtype` is fp16, bf16, fp32 or tf32; `device` is h200, h100, a100, or any by its FLOP/s and bytes/s: `150G/20G`.
        Raises NetdslError N734 where the size of an input is not known, ValueError for a setting that there is not.
        """
        from netdsl.plan.device import described
        from netdsl.plan.execution import plan

        return plan(self.fused, batch, dtype, described(device) if isinstance(device, str) else device)

    def stages(self) -> Stages:
        """What each pass does to the network, one after the other, on the way to `fused`."""
        from netdsl.analysis.difference.stages import Stages, stage
        from netdsl.passes import PIPELINE, run
        from netdsl.step import kernels

        graph, found = self.graph, []
        for step in PIPELINE:
            before, graph = graph, run(graph, (step,))
            found.append(stage(step.__name__, (step.__doc__ or "").partition(".")[0], before, graph))
        return Stages(self.name, len(kernels(self.graph)), tuple(found))

    def verify(self, *, cuda: bool = False, tell: Callable[[str], None] = lambda text: None) -> Proof:
        """The proof that `fused` computes what the plain module does, step by step. Imports torch.

        Kernels run in Triton's interpreter on the CPU, or with `cuda` on the GPU in every precision. `tell` hears what
        is being proved. Raises NetdslError of the N7 family.
        """
        from netdsl.runtime.proof import prove

        return prove(self.fused, self._class(self.source(plain=True)), cuda=cuda, tell=tell)

    def engine(
        self,
        model: torch.nn.Module | None = None,
        *,
        batch: int = 1,
        dtype: str = "float32",
        device: str = "cpu",
        precision: str = "ieee",
        tune: bool = True,
        reuse_outputs: bool = False,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Engine:
        """The network made ready to run fast: `engine(x)` is `model(x)`, for batches of one size. Imports torch.

        `model` is a `module()` of this network in eval mode, by default a fresh one. Each step is computed by what was
        measured to be the fastest here, or without `tune` by the best guess. `progress` hears how much of the measuring
        is done, from 0 to 1. `precision` is how float32 is multiplied on a GPU: ieee, or rounded to tf32.
        What a call returns may be overwritten by the next one where `reuse_outputs` says so.
        Raises NetdslError of the N7 family, and ValueError for a model that is not this network's.
        """
        from netdsl.runtime.engine import build

        model = self.module().eval() if model is None else model
        return build(
            self.graph, model, batch, dtype, device, precision=precision, tune=tune, reuse_outputs=reuse_outputs,
            progress=progress,
        )  # fmt: skip

    def bench(
        self,
        *,
        batches: Sequence[int] = (1,),
        dtype: str = "float32",
        peers: Sequence[str] | None = None,
        pairs: int = 20,
        cuda: bool = False,
        warm: bool = False,
        tell: Callable[[str], None] = lambda text: None,
    ) -> Bench:
        """The engine beside its peers, each checked against float64 and then timed in rounds of all. Imports torch.

        `peers` are by default those usual on the device, as far as they are installed. `warm` takes what was tuned and
        compiled earlier from the caches. Raises NetdslError of the N7 family, ValueError where there is no such peer.
        """
        from netdsl.runtime.bench import bench

        build = self._class(self.source(plain=True))
        return bench(
            self.graph,
            build,
            self.engine,
            batches=batches,
            dtype=dtype,
            peers=peers,
            pairs=pairs,
            cuda=cuda,
            warm=warm,
            tell=tell,
        )

    def summary(self, *, depth: int | None = None, how: bool = False) -> Summary:
        """Shapes, parameters, MACs, memory and receptive fields, node by node, with totals."""
        return summarise(self.graph, depth=depth, how=how)

    def draw(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        format: str | None = None,
        depth: int | None = None,
        fold: bool = False,
        direction: str = "TB",
        theme: str = "auto",
        fused: bool = False,
        force: bool = False,
    ) -> bytes:
        """The diagram, as the bytes of a file in `format`: svg, png, pdf, html, dot, mmd, txt or json.

        It is written to `path` where one is given, whose ending then picks the format. Blocks within blocks are open to
        `depth`; `fold` draws once what repeats, and opens what a page holds. `direction` is TB or LR, `theme` light,
        dark, or auto, the reader's own. With `fused` a box is a kernel, and its lines are what it computes. Raises
        NetdslError N701 to N705 (`force` permits overwriting a file that netdsl did not write) and N741, ValueError
        for a format or setting that there is not.
        """
        from netdsl.drawing import draw_graph

        graph = self.fused if fused else self.graph
        return draw_graph(
            graph, path, format=format, depth=depth, fold=fold, direction=direction, theme=theme, force=force
        )

    def diff(self, new: Network) -> Comparison:
        """What is different in another network: nodes, figures, the keys of the state_dict."""
        from netdsl.comparison import Comparison

        return Comparison.of(self.graph, new.graph)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from netdsl.display import bundle, shown

        return bundle(shown(self), include, exclude)

    def __repr__(self) -> str:
        return f"<netdsl network {self.name}: {len(self.graph.nodes)} nodes>"


def compile(
    path_or_text: str | os.PathLike[str],
    network: str | None = None,
    *,
    inputs: Mapping[str, tuple[int, ...]] | None = None,
    root: str | os.PathLike[str] | None = None,
    **parameters: Any,
) -> Network:
    """Compile one network of a netdsl text.

    `path_or_text` is a path, or the text itself (any string with a line break, brace or `=`). `network` names the
    network where the text holds several; without it the one named like the file is taken, else the only one.
    `inputs` gives sizes to inputs with symbolic extents, without the batch: `{"image": (3, 256, 256)}`. `parameters`
    are the network's own: `classes=10`. Imports stay inside `root`, by default the file's folder.

    Raises NetdslError, with every mistake that was found.
    """
    return compile_source(*_read(path_or_text, root), network, inputs or {}, parameters)


def compile_source(
    source: Source,
    root: Path | None,
    network: str | None,
    inputs: Mapping[str, tuple[int, ...]],
    parameters: Mapping[str, Any],
) -> Network:
    """What `compile` does, once it has read the text."""
    found = elaborate(load(source, root), network, dict(parameters), dict(inputs))
    verify(found.graph)
    return Network(found.graph, tuple(found.warnings))


def check(path_or_text: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> tuple[Diagnostic, ...]:
    """Everything that is wrong or doubtful in a text, in all its networks; NetdslError where it cannot be read."""
    return check_source(*_read(path_or_text, root))


def check_source(source: Source, root: Path | None) -> tuple[Diagnostic, ...]:
    """What `check` does, once it has read the text."""
    return tuple(check_program(load(source, root)))


def _read(path_or_text: str | os.PathLike[str], root: str | os.PathLike[str] | None) -> tuple[Source, Path | None]:
    folder = Path(root) if root is not None else None
    if isinstance(path_or_text, str) and any(c in path_or_text for c in "\n{="):
        return from_text("<text>", path_or_text), folder
    path = Path(path_or_text)
    return read_source(path), folder if folder is not None else path.parent


__all__ = ["Network", "check", "compile"]
