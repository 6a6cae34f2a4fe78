"""One call after the other on a GPU, whichever streams they come from: they write to the same memory."""

from __future__ import annotations

from types import TracebackType

import torch


class Turn:
    """What is issued inside waits, on the current stream of `device`, for what was issued inside before. On a CPU
    nothing is to be done. Not to be entered by two threads at once."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.done: torch.cuda.Event | None = None

    def __enter__(self) -> None:
        if self.done is not None:
            torch.cuda.current_stream(self.device).wait_event(self.done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.device.type == "cuda":
            self.done = self.done or torch.cuda.Event()  # type: ignore[no-untyped-call]
            self.done.record(torch.cuda.current_stream(self.device))
