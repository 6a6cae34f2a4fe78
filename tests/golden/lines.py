class Block(nn.Module):
    def forward(self, x):
        self.conv = nn.Conv2d(channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, stride=(2, 2))
        return self.relu(x + self.branch[0](nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn))
        x, y = self.block(self.head(x), torch.cat((x, y), 1), [1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn])
        x = first + self.second - nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        sizes = [in_channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn]
        self.layers = nn.Sequential(nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        sizes = (1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        x = self.layer(
            x, y, alpha=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, beta=(1, 2)
        )
        x = first + self.second - third * nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        raise ValueError(f"of [{x}, (but no sizes, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 4)
        self.conv = nn.Conv2d(
            channels,
            channels - growth * (index + 1) + widths[2 - index] + nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * (first + second) // nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * growth + nnnnnnnnnnnnnnnnnnnnnnnnnnn if index > 0 and growth > 1 else max(growth, channels) - 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0 and (stride > 1 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels) and channels > 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            take(first + 1, second, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn),
            kernel,
        )
        self.conv = nn.Conv2d(channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, stride=(2, 2))
        return self.relu(x + self.branch[0](nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn))
        x, y = self.block(self.head(x), torch.cat((x, y), 1), [1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn])
        x = first + self.second - nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        sizes = [in_channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn]
        self.layers = nn.Sequential(nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        sizes = (1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        x = self.layer(
            x, y, alpha=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, beta=(1, 2)
        )
        x = first + self.second - third * nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        raise ValueError(f"of [{x}, (but no sizes, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 4)
        self.conv = nn.Conv2d(
            channels,
            channels - growth * (index + 1) + widths[2 - index] + nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * (first + second) // nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * growth + nnnnnnnnnnnnnnnnnnnnnnnnnnnn if index > 0 and growth > 1 else max(growth, channels) - 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0 and (stride > 1 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels) and channels > 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            take(first + 1, second, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn),
            kernel,
        )
        self.conv = nn.Conv2d(
            channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, stride=(2, 2)
        )
        return self.relu(
            x + self.branch[0](nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        )
        x, y = self.block(
            self.head(x), torch.cat((x, y), 1), [1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn]
        )
        x = (
            first
            + self.second
            - nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        sizes = [
            in_channels,
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
        ]
        self.layers = nn.Sequential(
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        sizes = (
            1,
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
        )
        x = self.layer(
            x,
            y,
            alpha=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            beta=(1, 2),
        )
        x = (
            first
            + self.second
            - third * nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        raise ValueError(
            f"of [{x}, (but no sizes, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 4
        )
        self.conv = nn.Conv2d(
            channels,
            channels
            - growth * (index + 1)
            + widths[2 - index]
            + nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels
            * (first + second)
            // nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * growth + nnnnnnnnnnnnnnnnnnnnnnnnnnnnn
            if index > 0 and growth > 1
            else max(growth, channels) - 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0
            or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0
            and (stride > 1 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels)
            and channels > 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            take(
                first + 1, second, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
            ),
            kernel,
        )
        self.conv = nn.Conv2d(
            channels, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, stride=(2, 2)
        )
        return self.relu(
            x + self.branch[0](nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)
        )
        x, y = self.block(
            self.head(x), torch.cat((x, y), 1), [1, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn]
        )
        x = (
            first
            + self.second
            - nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        sizes = [
            in_channels,
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
        ]
        self.layers = nn.Sequential(
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        sizes = (
            1,
            nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
        )
        x = self.layer(
            x,
            y,
            alpha=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            beta=(1, 2),
        )
        x = (
            first
            + self.second
            - third * nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
        )
        raise ValueError(
            f"of [{x}, (but no sizes, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 4
        )
        self.conv = nn.Conv2d(
            channels,
            channels
            - growth * (index + 1)
            + widths[2 - index]
            + nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels
            * (first + second)
            // nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            channels * growth + nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
            if index > 0 and growth > 1
            else max(growth, channels) - 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0
            or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            index > 0
            and (stride > 1 or nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn != channels)
            and channels > 1,
            kernel,
            bias=False,
        )
        self.conv = nn.Conv2d(
            channels,
            take(
                first + 1, second, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
            ),
            kernel,
        )
