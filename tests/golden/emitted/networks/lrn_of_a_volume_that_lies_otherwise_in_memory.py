"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def forward(self, x: Tensor) -> Tensor:
        z = x.transpose(-2, -1)  # 4x5x2x3
        return F.local_response_norm(z.contiguous(), 3, alpha=0.5)  # 4x5x2x3
