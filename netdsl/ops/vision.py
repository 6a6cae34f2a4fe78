"""Operators of particular networks: ShuffleNet's shuffle, the spatial transformer's warp."""

from __future__ import annotations

from netdsl.extent import same
from netdsl.ops.kinds import COUNT, choice
from netdsl.ops.op import Call, Helper, Op, Operand, OpError, Shape, attr, show_shape
from netdsl.ops.rules import describe, known, spatial


class ChannelShuffle(Op, name="channel_shuffle"):
    """The channels dealt out anew: the first of each group, then the second of each, and so on (Zhang et al., 2017)."""

    example = "channel_shuffle(2)"
    groups: int = attr(COUNT, "number of groups")

    def infer(self, x: Shape) -> Shape:
        spatial(self.name, x)
        channels = known(x[0], "the number of channels")
        if channels % self.groups:
            raise OpError(f"{self.groups} groups do not divide {channels} channels", code="N405", attribute="groups")
        return x

    def module(self, x: Shape) -> Call:
        return Call("nn.ChannelShuffle", (self.groups,))

    def expr(self, x: Shape) -> Call:
        return Call("F.channel_shuffle", (Operand(0), self.groups))


_WARP = Helper(
    "warp",
    '''def warp(x: Tensor, flow: Tensor, mode: str = "bilinear", padding: str = "zeros", unit: str = "half") -> Tensor:
    """Read `x` at each point moved by `flow`, whose channel i is the displacement along spatial axis i.

    With unit "half", 1 is half of an axis, from its first point's center to its last; with "points" it is one point.
    """
    axes = [torch.linspace(-1, 1, n, dtype=x.dtype, device=x.device) for n in x.shape[2:]]
    if unit == "points":
        sizes = torch.tensor([max(n - 1, 1) / 2 for n in x.shape[2:]], dtype=x.dtype, device=x.device)
        flow = flow / sizes.view(1, -1, *(1,) * len(axes))
    at = torch.stack(torch.meshgrid(*axes, indexing="ij")) + flow
    return F.grid_sample(x, at.flip(1).movedim(1, -1), mode, padding, align_corners=True)
''',
)


class Warp(Op, name="warp"):
    """The value read at each point moved by a flow, which has a channel for every spatial axis, in their order.

    The flow is in halves of an axis, so that `tanh` keeps it within the map, or in points (`unit = "points"`). Half of
    an axis is `(extent - 1)/2` points, from the middle to the last one's center; `reflection` mirrors at the first and
    last point's centers. An axis of one point is always read there.
    A spatial transformer's sampler (Jaderberg et al., 2015), as used by Qin et al. (2018).
    """

    inputs = (2, 2)
    operands = ("x", "flow")
    example = "x -> warp(y)"
    example_input = ((1, 64, 64), (2, 64, 64))
    mode: str = attr(choice("bilinear", "nearest"), "how values between points are found", default="bilinear")
    padding: str = attr(choice("zeros", "border", "reflection"), "what lies outside of the map", default="zeros")
    unit: str = attr(choice("half", "points"), "what a flow of 1 is: half of an axis, or one point", default="half")

    def infer(self, x: Shape, flow: Shape) -> Shape:
        rank = spatial(self.name, x)
        if rank == 1:
            raise OpError("`warp` needs two or three spatial axes, not one", code="N406", input=0)
        if len(flow) != len(x):
            raise OpError(f"`warp` of {show_shape(x)} cannot take the flow {describe(flow)}", code="N406", input=1)
        if not same(flow[0], rank):
            raise OpError(
                f"the flow of `warp` needs {rank} channels, one for each spatial axis, not {flow[0]}",
                code="N407",
                input=1,
                help=f"end it in `conv({rank}, 3)`",
            )
        if not all(same(a, b) for a, b in zip(x[1:], flow[1:], strict=True)):
            raise OpError(
                f"the flow of `warp` must be as large as the map: {show_shape(x[1:])}, not {show_shape(flow[1:])}",
                code="N407",
                input=1,
                help="bring it there with `upsample` or `resize`",
            )
        return x

    def expr(self, x: Shape, flow: Shape) -> Call:
        keywords = {"mode": self.mode, "padding": self.padding, "unit": self.unit}
        return Call(_WARP, (Operand(0), Operand(1)), keywords, {"mode": "bilinear", "padding": "zeros", "unit": "half"})

    def receptive_field(self, rank: int) -> None:
        return None
