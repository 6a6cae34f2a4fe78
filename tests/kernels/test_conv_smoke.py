from typing import Any

import torch

from netdsl.kernels import Activation, conv
from netdsl.kernels.convolution import conv_reference
from tests.kernels.gate import assert_close


def test_two_sources_are_read_as_one():
    x = torch.randn(2, 9, 7, 25, generator=torch.Generator().manual_seed(0)).movedim(-1, 1)
    weight, bias = torch.randn(19, 25, 3, 2), torch.randn(19)
    settings: dict[str, Any] = dict(
        stride=(2, 1), padding=((1, 2), (0, 1)), dilation=(1, 2), activation=Activation("relu")
    )
    truth = conv_reference(x.double(), weight.double(), bias.double(), **settings)
    assert_close(conv((x[:, :5], x[:, 5:]), weight, bias, **settings), truth)
