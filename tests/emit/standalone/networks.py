# ruff: noqa: E501 - the lines are netdsl text
"""Small networks for standalone files: every kind of call site, and among them every kernel of convolution."""

NETWORKS: dict[str, str] = {
    # The stem's, the boxes', the halves' and the rows' kernels; a projection in a sequence that fuses.
    "resnet": """
        block shortcut(c, stride) = if stride > 1 or in.channels != c { conv(c, 1, stride = stride, bias = false) -> batch_norm }
        block basic(c, stride = 1) = add {
          conv(c, 3, stride = stride, bias = false) -> batch_norm -> relu -> conv(c, 3, bias = false) -> batch_norm
          downsample: shortcut(c, stride) } -> relu
        net resnet(classes = 5) { input x: 3x8x8
          output y = x -> conv(32, 3, bias = false) -> batch_norm -> relu
            -> basic(32) -> basic(32, stride = 2) -> conv(8, 1) -> relu -> global_avg_pool -> linear(classes) }""",
    "googlenet": """
        block cbr(c, k, ...rest) = conv(c, k, ...rest, bias = false) -> batch_norm -> relu
        block inception(a, b, c) = concat {
          cbr(a, 1); cbr(b, 1) -> cbr(c, 3); max_pool(3, stride = 1, pad = 1) -> cbr(a, 1) }
        net googlenet { input x: 3x8x8
          output y = x -> cbr(8, 3, stride = 2) -> inception(4, 4, 8) -> inception(8, 4, 4) -> flatten -> linear(3) }""",
    "densenet": """
        block layer(g) = concat { identity; batch_norm -> relu -> conv(2 * g, 1, bias = false) -> batch_norm -> relu
          -> conv(g, 3, bias = false) }
        net densenet { input x: 3x8x8; output y = x -> conv(5, 3) -> relu -> repeat 2 { layer(3) } -> global_avg_pool }""",
    "unet": """
        block double(c) = repeat 2 { conv(c, 3, pad = 0) -> relu }
        block level(c, depth) = double(c) -> if depth > 0 {
          up = in -> max_pool(2) -> level(2 * c, depth - 1) -> deconv(c, 2, stride = 2)
          concat { in -> crop(up); up } -> double(c) }
        net unet { input x: 1x20x20; output y = x -> level(3, 1) -> conv(2, 1) }""",
    # Depthwise and grouped, and every activation.
    "mobilenet": """
        block unit(t, c) {
          let wide = t * in.channels
          add { conv(wide, 1, bias = false) -> batch_norm -> relu6
                  -> conv(wide, 3, groups = wide, bias = false) -> batch_norm -> silu -> conv(c, 1, bias = false) -> batch_norm
                identity } }
        net mobilenet { input x: 3x9x7
          output y = x -> conv(6, 3, stride = 2) -> leaky_relu(0.1) -> unit(2, 6)
            -> conv(6, 3, groups = 2) -> silu -> conv(4, 1) -> leaky_relu(0.3) }""",
    "volumes": "net volumes { input x: 2x4x6x6; output y = x -> conv(3, 3) -> batch_norm -> relu -> conv(2, 1) }",
    "nothing": "net nothing { input x: 3x8x8; output y = x -> conv(4, 3) -> tanh -> max_pool(2) -> flatten -> linear(2) }",
}
SHAPES: dict[str, list[int]] = {
    "resnet": [3, 8, 8],
    "googlenet": [3, 8, 8],
    "densenet": [3, 8, 8],
    "unet": [1, 20, 20],
    "mobilenet": [3, 9, 7],
    "volumes": [2, 4, 6, 6],
    "nothing": [3, 8, 8],
}
SITELESS = ("volumes", "nothing")
