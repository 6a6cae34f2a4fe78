"""Losses: one number for the batch, the mean over it and over all elements unless `reduction = "sum"`."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.extent import divides, same
from netdsl.ops.kinds import AT_LEAST_ZERO, FLAG, INTEGER, POSITIVE, choice, optional, real, sampled
from netdsl.ops.op import Call, Classes, Helper, Loss, Op, Operand, OpError, Shape, attr, show_shape
from netdsl.ops.rules import describe

_REDUCTION = choice("mean", "sum")


def alike(name: str, a: Shape, b: Shape, second: int = 1) -> None:
    """OpError where two values differ in shape."""
    if len(a) != len(b) or not all(same(p, q) for p, q in zip(a, b, strict=True)):
        raise OpError(
            f"`{name}` compares values of one shape, not {describe(a)} and {describe(b)}",
            code="N415",
            input=second,
        )


def classified(name: str, scores: Shape, target: Shape) -> None:
    """OpError where there is not one class index for every vector of scores."""
    if not scores:
        raise OpError(f"`{name}` needs a vector of scores, not a scalar", code="N415", input=0)
    if len(scores) != len(target) + 1 or not all(same(p, q) for p, q in zip(scores[1:], target, strict=True)):
        raise OpError(
            f"`{name}` of scores {describe(scores)} needs a target {show_shape(Classes(scores[1:]))}, "
            f"not {show_shape(target)}",
            code="N415",
            input=1,
            help=_way_out(scores, target),
        )


def _way_out(scores: Shape, target: Shape) -> str | None:
    if len(scores) == len(target) + 1:
        return "`resize` or `crop` the scores to the target, or declare the target in their size"
    if len(scores) == len(target) and isinstance(target[0], int) and divides(target[0], scores[0]):
        several = all(same(p, q) for p, q in zip(scores[1:], target[1:], strict=True))
        return (
            f"`unflatten([{scores[0] // target[0]}, {target[0]}])` makes a vector for each index" if several else None
        )
    return None


class Mean(Op):
    """Base of all losses."""

    inputs = (2, 2)
    operands: ClassVar[tuple[str, ...]] = ("prediction", "truth")
    reduction: str = attr(_REDUCTION, "mean or sum over the batch and all elements", default="mean", keyword=True)

    def receptive_field(self, rank: int) -> None:
        return None

    def call(self, function: str | Helper, *arguments: Any, **keywords: tuple[Any, Any]) -> Call:
        """The call; a keyword is given with its default."""
        every = {**keywords, "reduction": (self.reduction, "mean")}
        return Call(
            function,
            arguments,
            {k: v for k, (v, _) in every.items()},
            {k: default for k, (_, default) in every.items()},
        )


class CrossEntropy(Mean, name="cross_entropy"):
    """`-log softmax(logits)[label]`: scores before softmax, and a class index for each vector of them.

    A map of scores, classes×H×W, goes with a target `class[H, W]`. With `smoothing` s it is
    `-(1 - s) · log softmax(logits)[label] - s · mean log softmax(logits)`. The mean is over the indices that count.
    """

    class_inputs = (1,)
    operands = ("logits", "label")
    example = "cross_entropy(x, y)"
    example_input = ((10,), ("class",))
    smoothing: float = attr(
        real("a number from 0 to 1", lambda v: 0 <= v <= 1, (0.0, 0.1)),
        "label smoothing: this much of the target is spread over all classes",
        default=0.0,
    )
    ignore: int | None = attr(optional(INTEGER), "a class index that does not count", default=None)

    def infer(self, logits: Shape, label: Shape) -> Shape:
        classified(self.name, logits, label)
        return Loss(())

    def expr(self, logits: Shape, label: Shape) -> Call:
        keywords: dict[str, tuple[Any, Any]] = {"label_smoothing": (self.smoothing, 0.0)}
        if self.ignore is not None:
            keywords["ignore_index"] = (self.ignore, -100)
        return self.call("F.cross_entropy", Operand(0), Operand(1), **keywords)


class Nll(Mean, name="nll"):
    """`-log p[label]` of probabilities, what softmax gives; `log = true` takes their logarithms, as torch's does."""

    class_inputs = (1,)
    operands = ("probabilities", "label")
    example = "nll(x, y)"
    example_input = ((10,), ("class",))
    log: bool = attr(FLAG, "the input holds logarithms, what log_softmax gives", default=False)

    def infer(self, probabilities: Shape, label: Shape) -> Shape:
        classified(self.name, probabilities, label)
        return Loss(())

    def expr(self, probabilities: Shape, label: Shape) -> Call:
        first = Operand(0) if self.log else Call(".log", (Operand(0),))
        return self.call("F.nll_loss", first, Operand(1))


class Hinge(Mean, name="hinge"):
    """`Σ_{c ≠ label} max(0, margin - x[label] + x[c])^p / classes`, of scores (Crammer & Singer, 2001)."""

    class_inputs = (1,)
    operands = ("scores", "label")
    example = "hinge(x, y)"
    example_input = ((10,), ("class",))
    margin: float = attr(POSITIVE, "the lead that the right class must have", default=1.0)
    p: int = attr(sampled(INTEGER, 1, 2), "1, or 2 for squares", default=1)

    def infer(self, scores: Shape, label: Shape) -> Shape:
        if self.p not in (1, 2):
            raise OpError(f"`p` is 1 or 2, not {self.p}", code="N402", attribute="p")
        if len(scores) != 1:
            raise OpError(f"`hinge` needs a vector of scores, not {describe(scores)}", code="N415", input=0)
        classified(self.name, scores, label)
        return Loss(())

    def expr(self, scores: Shape, label: Shape) -> Call:
        return self.call("F.multi_margin_loss", Operand(0), Operand(1), p=(self.p, 1), margin=(self.margin, 1.0))


class BinaryCrossEntropy(Mean, name="binary_cross_entropy"):
    """`-y · log x - (1 - y) · log(1 - x)` of probabilities; `logits = true` takes scores before the sigmoid.

    As in torch a logarithm of probabilities counts as -100 at least.
    """

    example = "binary_cross_entropy(x, y)"
    example_input = ((1,), (1,))
    logits: bool = attr(FLAG, "the prediction is before its sigmoid", default=False)

    def infer(self, x: Shape, y: Shape) -> Shape:
        alike(self.name, x, y)
        return Loss(())

    def expr(self, x: Shape, y: Shape) -> Call:
        function = "F.binary_cross_entropy_with_logits" if self.logits else "F.binary_cross_entropy"
        return self.call(function, Operand(0), Operand(1))


class Pairwise(Mean):
    """Base of the losses that compare two values point by point."""

    function: ClassVar[str]
    example_input = ((4,), (4,))

    def infer(self, x: Shape, y: Shape) -> Shape:
        alike(self.name, x, y)
        return Loss(())

    def expr(self, x: Shape, y: Shape) -> Call:
        return self.call(self.function, Operand(0), Operand(1))


class Mse(Pairwise, name="mse"):
    """`(x - y)²`."""

    function = "F.mse_loss"
    example = "mse(x, y)"


class L1(Pairwise, name="l1"):
    """`|x - y|`."""

    function = "F.l1_loss"
    example = "l1(x, y)"


class SmoothL1(Pairwise, name="smooth_l1"):
    """`½(x - y)² / beta` where `|x - y| < beta`, else `|x - y| - ½·beta` (Girshick, 2015)."""

    example = "smooth_l1(x, y)"
    beta: float = attr(AT_LEAST_ZERO, "where the square ends", default=1.0)

    def expr(self, x: Shape, y: Shape) -> Call:
        return self.call("F.smooth_l1_loss", Operand(0), Operand(1), beta=(self.beta, 1.0))


class Kl(Pairwise, name="kl"):
    """`Σ y · (log y - x)` over a sample's elements, mean over the batch: x holds logarithms of probabilities, what
    log_softmax gives, y probabilities; where y is 0 nothing is added."""

    example = "kl(x, y)"

    def expr(self, x: Shape, y: Shape) -> Call:
        reduction = "batchmean" if self.reduction == "mean" else "sum"
        return Call("F.kl_div", (Operand(0), Operand(1)), {"reduction": reduction}, {"reduction": "mean"})


_GAUSSIAN_KL = Helper(
    "gaussian_kl",
    '''def gaussian_kl(mean: Tensor, logvar: Tensor, reduction: str = "mean") -> Tensor:
    """KL divergence of a Gaussian, of independent elements, from the unit one; mean or sum over the batch."""
    each = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).flatten(1).sum(1)
    return each.mean() if reduction == "mean" else each.sum()
''',
)


class GaussianKl(Mean, name="gaussian_kl"):
    """`½ Σ (mean² + exp(logvar) - 1 - logvar)` over a sample's elements, mean over the batch: the divergence of a
    variational autoencoder's code from the unit Gaussian (Kingma & Welling, 2013)."""

    operands = ("mean", "logvar")
    example = "gaussian_kl(x, y)"
    example_input = ((20,), (20,))

    def infer(self, mean: Shape, logvar: Shape) -> Shape:
        alike(self.name, mean, logvar)
        if not mean:
            raise OpError("`gaussian_kl` needs an axis, and this is a scalar", code="N415", input=0)
        return Loss(())

    def expr(self, mean: Shape, logvar: Shape) -> Call:
        return self.call(_GAUSSIAN_KL, Operand(0), Operand(1))


_DICE = Helper(
    "dice_loss",
    '''def dice_loss(probabilities: Tensor, target: Tensor, eps: float = 1e-6, reduction: str = "mean") -> Tensor:
    """1 - (2 Σ p·t + eps) / (Σ p + Σ t + eps) for each sample and channel; mean or sum over these."""
    dims = tuple(range(2, probabilities.dim()))
    overlap = (probabilities * target).sum(dims)
    loss = 1 - (2 * overlap + eps) / (probabilities.sum(dims) + target.sum(dims) + eps)
    return loss.mean() if reduction == "mean" else loss.sum()
''',
)


class Dice(Mean, name="dice"):
    """`1 - (2 Σ x·y + eps) / (Σ x + Σ y + eps)` over the points of each channel (Milletari et al., 2016).

    x holds probabilities, y is 0 or 1 (class indices become so with `one_hot`). The mean is over samples and channels.
    """

    example = "dice(x, y)"
    example_input = ((4, 32, 32), (4, 32, 32))
    eps: float = attr(POSITIVE, "makes an empty channel that is predicted empty count as right", default=1e-6)

    def infer(self, x: Shape, y: Shape) -> Shape:
        alike(self.name, x, y)
        if len(x) < 2:
            raise OpError(f"`dice` needs a map, not {describe(x)}", code="N415", input=0)
        return Loss(())

    def expr(self, x: Shape, y: Shape) -> Call:
        return self.call(_DICE, Operand(0), Operand(1), eps=(self.eps, 1e-6))


_CONTRASTIVE = Helper(
    "contrastive_loss",
    '''def contrastive_loss(a: Tensor, b: Tensor, same: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """same · ½d² + (1 - same) · ½max(0, margin - d)², d being the distance of a and b (Hadsell et al., 2006)."""
    distance: Tensor = torch.linalg.vector_norm((a - b).flatten(1), dim=1)
    same = same.reshape(-1)
    loss = 0.5 * (same * distance.square() + (1 - same) * F.relu(margin - distance).square())
    return loss.mean() if reduction == "mean" else loss.sum()
''',
)


class Contrastive(Mean, name="contrastive"):
    """`same · ½d² + (1 - same) · ½max(0, margin - d)²`, d being the Euclidean distance of two values and `same` 1
    where they belong together, else 0 (Hadsell et al., 2006)."""

    inputs = (3, 3)
    operands = ("a", "b", "same")
    example = "contrastive(x, y, z)"
    example_input = ((128,), (128,), (1,))
    margin: float = attr(POSITIVE, "the distance beyond which others are left alone", default=1.0)

    def infer(self, a: Shape, b: Shape, together: Shape) -> Shape:
        alike(self.name, a, b)
        if not a:
            raise OpError("`contrastive` needs vectors, not scalars", code="N415", input=0)
        if together not in ((), (1,)):
            raise OpError(
                f"`contrastive` needs one number for each pair, not {describe(together)}", code="N415", input=2
            )
        return Loss(())

    def expr(self, *shapes: Shape) -> Call:
        return self.call(_CONTRASTIVE, Operand(0), Operand(1), Operand(2), margin=(self.margin, 1.0))


class Triplet(Mean, name="triplet"):
    """`max(0, d(a, p) - d(a, n) + margin)`, d being the Euclidean distance (Schroff et al., 2015, squared there).

    As in torch 1e-6 is added to each difference: `d(a, p) = √(Σ (a - p + 1e-6)²)`.
    """

    inputs = (3, 3)
    operands = ("anchor", "positive", "negative")
    example = "triplet(x, y, z)"
    example_input = ((128,), (128,), (128,))
    margin: float = attr(POSITIVE, "how much farther the negative must be", default=1.0)

    def infer(self, a: Shape, p: Shape, n: Shape) -> Shape:
        alike(self.name, a, p)
        alike(self.name, a, n, 2)
        if len(a) != 1:
            raise OpError(f"`triplet` needs vectors, not {describe(a)}", code="N415", input=0)
        return Loss(())

    def expr(self, *shapes: Shape) -> Call:
        return self.call("F.triplet_margin_loss", Operand(0), Operand(1), Operand(2), margin=(self.margin, 1.0))


_SMOOTHNESS = Helper(
    "smoothness",
    '''def smoothness(flow: Tensor, eps: float = 0.01) -> Tensor:
    """sqrt(eps + the mean square of the differences of neighbours, summed over the axes)."""
    total = torch.zeros((), dtype=flow.dtype, device=flow.device)
    for dim in range(2, flow.dim()):
        if flow.shape[dim] > 1:
            total = total + flow.diff(dim=dim).square().mean()
    return (eps + total).sqrt()
''',
)


class Smoothness(Op, name="smoothness"):
    """`√(eps + Σ mean (difference of neighbours)²)`, the sum over the axes: keeps a flow smooth (Qin et al., 2018).

    The mean is over everything, the batch too. An axis of extent 1 has no neighbours and adds nothing.
    """

    operands = ("flow",)
    example = "smoothness(x)"
    example_input = ((2, 32, 32),)
    eps: float = attr(AT_LEAST_ZERO, "keeps the gradient finite where the flow is constant", default=0.01)

    def infer(self, flow: Shape) -> Shape:
        if len(flow) < 2:
            raise OpError(f"`smoothness` needs a map, not {describe(flow)}", code="N415", input=0)
        return Loss(())

    def expr(self, flow: Shape) -> Call:
        return Call(_SMOOTHNESS, (Operand(0),), {"eps": self.eps}, {"eps": 0.01})

    def receptive_field(self, rank: int) -> None:
        return None
