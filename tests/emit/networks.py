# ruff: noqa: E501 - the lines are netdsl text
"""Small networks, one for each way a text can be built; what an emitter is likely to get wrong."""

NETWORKS: dict[str, str] = {
    "chain": "net f { input x: 3x8x8; output y = x -> conv(4, 3) -> batch_norm -> relu -> flatten -> linear(5) }",
    "the same value twice": "net f { input x: 3x8x8; a = x -> conv(4, 3); output y = add(a, a) -> concat { in; in } }",
    "operand order": """
        net f { input x: 3x8x8
          a = x -> conv(4, 3); b = x -> conv(4, 3, bias = false)
          output y = concat(b, a - b, a / 2, 2 - b, a * b) }""",
    "diamonds": """
        block d(c) = add { conv(c, 3) -> relu; concat { conv(c - 2, 1); conv(2, 3) -> tanh } }
        net f { input x: 3x8x8; output y = x -> d(6) -> d(6) -> add { identity; d(6) -> d(6) } }""",
    "nested merges": """
        net f { input x: 4x8x8
          output y = x -> concat { in; add { in; mul { in; conv(4, 1) -> sigmoid } }; conv(3, 1) } -> relu }""",
    "a let in a loop that is unrolled": """
        block level(c) = for i in range(3) { let w = i + c; conv(1, 3) -> conv(w, 1) } -> concat { in; conv(1, 1) }
        net f { input x: 4x6x6; output y = x -> level(2) -> level(1) }""",
    "an inner loop whose width differs from turn to turn": """
        block unit(c) = for n in [1, 5] { conv(c + n, 1) -> for i in range(2) { conv(n, 3) -> relu -> conv(i + n, 1) } }
        net f { input x: 2x6x6; output y = x -> unit(2) -> unit(3) }""",
    "inner loops that differ from turn to turn": """
        block unit(c) = for n in [2, 1, 3] {
          conv(n, 3) -> repeat n { { conv(in.channels + 1, 1) } -> conv(c, 1) } }
        net f { input x: 2x6x6; output y = x -> { concat { unit(2); unit(4) } } }""",
    "recursion whose result is as wide as its depth says": """
        block level(c, depth) = conv(c, 1) -> if depth > 0 {
          add { conv(c, 1); level(c + 1, depth - 1) -> conv(c, 1) } } else { conv(c + 1, 1) }
        net f { input x: 4x6x6; output y = x -> concat { level(6, 1); level(1, 2) } }""",
    "names read later": """
        net f { input x: 3x8x8
          a = x -> conv(4, 3); b = a -> relu -> conv(4, 3); c = b -> tanh
          output y = concat { a; c; b -> conv(2, 1); x } }""",
    "in of the braces": """
        block up(c) { big = in -> max_pool(2) -> conv(c, 3) -> upsample(2); concat { in; big } }
        net f { input x: 3x8x8; output y = x -> up(4) -> up(2) }""",
    "wrapped wrappers": """
        block cb(...args) = conv(...args, bias = false) -> batch_norm
        block cbr(...args, act = relu) = cb(...args) -> act
        block unit(c, s) = cbr(c, 3, stride = s) -> cbr(c, 1, act = relu6) -> cb(2 * c, 3, groups = 2)
        net f { input x: 4x9x9; output y = x -> unit(4, 1) -> unit(6, 2) -> cbr(3, 1x3) }""",
    "projections": """
        block basic(w, s = 1) = add {
          conv(w, 3, stride = s, bias = false) -> batch_norm -> relu -> conv(w, 3, bias = false) -> batch_norm
          if s > 1 or in.channels != w { conv(w, 1, stride = s) }
        } -> relu
        net f { input x: 3x8x8; output y = x -> basic(4) -> basic(4) -> basic(8, 2) -> basic(8) -> global_avg_pool }""",
    "dense growth": """
        block layer(g) = concat { identity; batch_norm -> relu -> conv(g, 3) }
        block dense(n, g) = repeat n { layer(g) }
        net f { input x: 3x8x8
          output y = x -> dense(2, 4) -> { conv(in.channels // 2, 1) } -> dense(3, 2) -> batch_norm -> flatten -> linear(3) }""",
    "growth in chains that are modules": """
        block layer(g) = concat { identity; conv(g, 3) }
        block dense(n, g) = repeat n { layer(g) }
        net f { input x: 3x8x8
          output y = x -> a: { dense(2, 4) -> batch_norm -> dense(3, 2) }
            -> b: { one: dense(2, 1) -> two: batch_norm } -> "3": dense(1, 2) -> "4": conv(2, 1) }""",
    "growth in loops with labels": """
        block layer(g) = concat { identity; conv(g, 3) }
        block squeeze = conv(in.channels // 2, 1) -> avg_pool(2)
        net f(sizes = [2, 3, 1]) { input x: 5x16x16
          output y = x -> features: { stem: conv(6, 3)
            -> for i, n in enumerate(sizes) {
                 if i > 0 { "down{i}": squeeze }
                 -> "dense{i + 1}": for j in range(n) { "layer{j}": layer(2 + i) }
               } -> last: batch_norm } -> relu }""",
    "labels that count the turns": """
        block b(n) = for i in range(n) { "conv{i}": conv(3, 3) -> "norm{i}": batch_norm -> relu }
        net f { input x: 3x4x4
          output y = x -> b(2) -> for i in range(2) { "end{i}": conv(3, 1) -> tanh }
            -> for i in range(2) { "last{i}": conv(3, 1) -> add { in; "more{i}": conv(3, 1) } } }""",
    "loops with a table": """
        block sep(c, s) = conv(in.channels, 3, stride = s, groups = in.channels) -> conv(c, 1) -> relu
        net f { input x: 4x16x16
          output y = x -> for c, s in [[6, 1], [8, 2], [8, 1]] { sep(c, s) } -> global_avg_pool -> linear(3) }""",
    "loops without modules": """
        block smooth(n) { a = in -> relu; concat { a; in -> repeat n { avg_pool(3, stride = 1, pad = 1) -> tanh } } }
        net f { input x: 2x8x8; output y = x -> smooth(3) -> repeat 2 { relu } -> smooth(2) }""",
    "two lists in step": """
        block pair(ns, ks) = for n, k in zip(ns, ks) { conv(n, k) }
        net f { input x: 2x8x8; output y = x -> pair([3, 4], [1, 3]) -> pair([2], [3]) }""",
    "paths side by side": """
        block wide(w, paths = 3, d = 2) = add {
          identity; each p in range(paths) { conv(d, 1) -> relu -> conv(w, 1) } } -> relu
        net f { input x: 4x6x6; output y = x -> wide(4) -> wide(4, paths = 2)
          -> concat { each k in [1, 3, 5] { conv(k, k) } } }""",
    "recursion": """
        block double(c) = repeat 2 { conv(c, 3, pad = 0) -> relu }
        block level(c, depth) = double(c) -> if depth > 0 {
          up = in -> max_pool(2) -> level(2 * c, depth - 1) -> deconv(c, 2, stride = 2)
          concat { in -> crop(up); up } -> double(c) }
        net f(depth = 2, width = 3) { input x: 1x44x44; output y = x -> level(width, depth) -> conv(2, 1) }""",
    "tensors as arguments": """
        block up(c, skip) { wide = in -> deconv(c, 2, stride = 2); concat { skip -> crop(wide); wide } -> conv(c, 3) }
        net f { input x: 2x17x17
          a = x -> conv(3, 3); b = a -> max_pool(2) -> conv(5, 3)
          output y = b -> max_pool(2) -> conv(6, 3) -> up(4, b) -> up(2, a) }""",
    "blocks as arguments": """
        block twice(unit, c) = unit(c) -> unit(c)
        block plain(c) = conv(c, 3) -> relu
        block gated(c) = mul { conv(c, 3); conv(c, 3) -> sigmoid }
        block pooled(pool, norm = identity) = pool(2, stride = 2) -> norm -> conv(3, 1)
        net f { input x: 3x16x16
          output y = x -> twice(plain, 4) -> twice(gated, 5) -> pooled(max_pool) -> pooled(avg_pool, norm = batch_norm) }""",
    "literal blocks as arguments": """
        block residual(body) = add { in; body }
        net f { input x: 4x8x8
          output y = x -> residual({ conv(4, 3) -> relu }) -> residual(conv(4, 1) -> tanh -> conv(4, 3)) }""",
    "choices that change the width": """
        block step(c, deep) = if deep { conv(c, 3) -> relu -> conv(2 * c, 1) } else { conv(c, 1) } -> batch_norm
        net f { input x: 3x8x8; output y = x -> step(4, true) -> step(5, false) -> step(2, true) }""",
    "conditions over a width that an inner choice moves": """
        block unit(p, q = 3) = if p > 4 { conv(1, 1) -> relu } -> if p % 2 == 0 { tanh } else {
          if in.channels != q { conv(q // 2 + 1, 3) } else { batch_norm } } -> conv(q, 1)
        net f { input x: 2x6x6; output y = x -> unit(4) -> unit(5) -> unit(3, q = 2) -> unit(3, q = 2) -> unit(3) }""",
    "conditions over a let of an arm": """
        block unit(p) = conv(p, 1) -> if p % 2 == 0 { let w = p + 1; if w > 5 { conv(w, 1) -> tanh } else { relu } }
        net f { input x: 2x6x6; output y = x -> unit(4) -> unit(6) -> unit(3) }""",
    "inner loops of an unrolled loop that carry a width in one turn only": """
        net f { input x: 3x6x6
          output y = x -> for i, n in enumerate([4, 1]) {
            "loop{i}": for k in [n, i + 1] { "conv{k}": conv(k + 1, 1) }
            -> mul { "a{i}": conv(in.channels, 3) -> "b{i}": conv(2, 1); tanh -> "c{i}": conv(2, 1) } } }""",
    "choices over the width of each turn of an unrolled loop": """
        block unit(p) { let w = p + 1; repeat 2 { if in.channels != w and p % 2 == 0 { conv(in.channels + 1, 1) } -> conv(1, 1) } }
        net f { input x: 2x6x6; output y = x -> unit(2) -> conv(3, 1) -> unit(2) -> unit(3) }""",
    "choices over a loop's variable around what has no module": """
        net f { input x: 2x6x6
          output y = x -> for i in range(2) { if i == 0 { l2_normalise } -> "norm{i}": prelu }
            -> { for j, p in enumerate([1, 3]) { avg_pool(p, stride = 1, pad = p // 2) -> "conv{j}": conv(2, 1) } } }""",
    "choices between a value and a list": """
        block h(c) { a = in; if c > 4 { a -> split(2) } else { a } }
        net f { input x: 6x4x4; a = x -> h(3); p, q = x -> h(5); output y = concat { q; a; p } }""",
    "choices in loops": """
        block body(ns) = for i, n in enumerate(ns) { if n % 2 == 0 { conv(n, 3) -> relu } else { max_pool(2) } -> batch_norm }
        net f { input x: 4x16x16; output y = x -> body([2, 3, 6]) -> body([1, 8]) }""",
    "choices of values": """
        block inverted(t, c, s) {
          let keeps = s == 1 and in.channels == c
          body = in -> if t > 1 { conv(t * in.channels, 1) -> relu6 } -> conv(c, 3, stride = s) -> batch_norm
          if keeps { in + body } else { body } }
        net f { input x: 4x8x8; output y = x -> inverted(1, 6, 2) -> inverted(3, 6, 1) -> inverted(2, 4, 1) }""",
    "shared towers": """
        block encoder(dim = 6) { for c in [4, 5] { conv(c, 3) -> batch_norm -> relu -> max_pool(2) } -> flatten -> linear(dim) }
        net f { input left, right: 1x8x8
          shared tower = encoder(7)
          shared one = conv(1, 3)
          a = left -> one -> tower; b = right -> one -> tower
          output y = abs(a - b) -> linear(2)
          output d = distance(a, b) }""",
    "shared pipelines": """
        block encoder(dim) = flatten -> linear(dim)
        net f { input a, b: 1x4x4
          shared tower = encoder(3) -> l2_normalise
          output y = a -> tower; output z = concat { b -> tower; a -> tower } }""",
    "shared inside a container": """
        block unit(c) = concat { conv(c, 1); group: { shared t = conv(4, 1); v = in -> t; v - (in -> tanh -> t) } }
        net f { input x: 3x8x8; output y = x -> unit(3) }""",
    "lists": """
        block halves { a, b = in -> split(2); [a -> conv(3, 1), b -> relu] }
        block joined { p, q = in; concat { q; p } }
        net f { input x: 4x6x6
          u, v = x -> halves
          output y = [u, v] -> joined -> conv(2, 1)
          output z = x -> split([1, 3]) -> joined }""",
    "lists as arguments": """
        block parts(c) { a = in -> main: conv(c, 3); [a, a -> side: conv(2, 1)] }
        block beside(others, c) { xs = in; [concat(xs[0], others[0]) -> join: conv(c, 1), others[1] - xs[1]] }
        net f { input x: 3x6x6
          later = x -> tanh -> parts(4); u, v = x -> parts(5) -> beside(later, 3); p, q = later -> beside([v, v], 2)
          output y = concat { u; v; p; q } }""",
    "lists within lists": """
        block g { a, b = in -> split(2); [[a, b -> conv(1, 1)], b] }
        block h { u, v = in; concat(v, u[1], u[0]) }
        block k(others) { u, v = others; concat(in, v, u[0], u[1]) -> conv(2, 1) }
        block deep { a, b = in -> split(2); [a, [b, [a, b]]] }
        block read { u, v = in; concat(u, v[0], v[1][0], v[1][1]) -> conv(2, 1) }
        net f { input x: 4x4x4; p = x -> g; output y = p -> h; output z = x -> k(p); output w = x -> deep -> read }""",
    "lists of one value": """
        block g { [in -> conv(3, 1)] }
        block h { u = in; u[0] -> relu }
        block s { a = in -> split(1); a[0] - (in -> tanh) }
        net f { input x: 4x4x4; output y = x -> g -> h; p = x -> g; output z = p[0] -> s }""",
    "a list as the only output": """
        net f { input x: 4x4x4; target t: 2x4x4
          output y = x -> conv(4, 1) -> split(2); aux output z = y[0] -> tanh; loss = mse(z, t) }""",
    "a list of one value as the only output": "net f { input x: 4x4x4; output y = [x -> conv(2, 1) -> relu] }",
    "a list that returns what is read on": """
        block g { b = [in -> relu]; [b[0], b[0] -> tanh, b[0] -> exp] }
        net f { input x: 3x4x4; p, q, r = x -> g; output y = concat(r, q, p) }""",
    "functions among the stages of a labelled chain": """
        block t(n) = prelu -> squash -> channel_shuffle(n) -> pad([1, 2]) -> tanh
        net f { input x: 4x4x4; input v: [6]
          output y = x -> a: { prelu -> l2_normalise -> resize([5, 6]) -> slice(1, -1) -> relu } -> b: { t(2) -> t(1) }
          output z = x -> c: { t(4) -> pad([[0, 1], [2, 0]], value = 0.5) -> permute([2, 0, 1]) -> prelu }
          output w = v -> d: { linear(6) -> softmax -> squash -> linear(3) -> log_softmax } }""",
    "chains one arm of which is none": """
        block h(c) = if c > 4 { conv(c, 1) -> relu } else { add { in; relu } -> conv(c, 3) }
        block i(c) = if c > 4 { conv(c, 1) -> relu } else { conv(c, 3) }
        net f { input x: 4x4x4; output y = x -> a: { h(3) -> i(5) } -> b: { h(5) -> i(2) }
          -> c: { if in.channels > 1 { conv(2, 1) -> relu } else { tanh } } }""",
    "lines that are just full": """
        net f { input x: 3x8x8
          output y = x -> "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": { conv(4, 3) -> relu }
            -> "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": { conv(4, 3) -> relu }
            -> "cccccccccccccccccccccccccccccccccccccccccccccccccc": { conv(4, 3) -> relu }
            -> "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd": conv(4, 1)
            -> "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee": conv(4, 1)
            -> "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff": conv(4, 1) -> "ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg": conv(4, 1) -> relu }""",
    "several inputs and outputs": """
        net f(n = 4) { input image: 3x8x8; input flow: [2 * n, 8, 8]; input v: [5]
          a = image -> conv(n, 3); b = flow -> conv(n, 3)
          output map = concat { a; b }
          output scores = concat { a -> global_avg_pool; v } -> linear(3) -> softmax
          output raw = v }""",
    "aux outputs": """
        net f { input x: 3x8x8; target label: class
          a = x -> conv(4, 3) -> relu; b = a -> conv(4, 3)
          output logits = b -> global_avg_pool -> linear(4)
          aux output side = a -> flatten -> linear(4)
          aux output deep = b -> global_avg_pool -> linear(3)
          loss = cross_entropy(logits, label) + 0.3 * cross_entropy(side, label) }""",
    "containers that are no chain": """
        net f { input x: 3x8x8
          output y = x -> stem: { a = in -> conv1: conv(4, 3) -> relu; concat { a; in -> conv2: conv(2, 1) } }
            -> both: concat { left: conv(3, 1); right: { conv(2, 1) -> relu -> conv(3, 1) } } -> head: { conv(2, 1) -> relu } }""",
    "containers in loops that are no chain": """
        net f { input x: 3x8x8
          output y = x -> body: for i, n in enumerate([3, 4]) { "stem{i}": conv(i + 1, 1)
            -> "in{i}": for j in range(n - 2) { "conv{j}": conv(j + 2, 1)
              -> "halves{j}": { u, v = in -> first: conv(6, 1) -> split(2); concat { v; u -> relu } } } } }""",
    "labels that are numbers": """
        net f { input x: 3x8x8
          output y = x -> "7": concat { "1": conv(3, 1); "0": { conv(2, 1) -> relu } } -> "9": { "3": conv(1, 1) } }""",
    "flattened sizes": """
        block head(classes) = max_pool(2) -> flatten -> linear(8) -> relu -> linear(classes)
        net f { input x: 3x16x16
          output y = x -> conv(4, 3) -> head(3)
          output z = x -> max_pool(2) -> conv(4, 3) -> head(5) }""",
    "ranks": """
        block unit(c) = conv(c, 3) -> batch_norm -> relu -> max_pool(2)
        net f { input a: 2x8; input b: 2x8x8; input c: 2x8x8x8
          output x = a -> unit(3); output y = b -> unit(3); output z = c -> unit(3) }""",
    "squeeze and excitation": """
        block se(r) = mul { identity; global_avg_pool -> linear(in.channels // r) -> relu -> { linear(r * in.channels) } -> sigmoid }
        net f { input x: 6x5x5; output y = x -> se(3) -> relu -> conv(4, 1) -> se(1) }""",
    "parameters": """
        net f { input x: 4x5x5; output y = x * parameter([4, 5, 5], init = ones) -> scale(bias = true) -> prelu }""",
    "nets in nets": """
        net trunk(w = 4) { input x: 3x8x8; output y = x -> one: conv(w, 3) -> relu -> two: conv(6, 3) -> linear_part: global_avg_pool }
        net f { input x: 3x8x8; output y = x -> trunk(5) -> linear(2); output z = x -> upto(trunk, "two") -> conv(1, 1) }""",
    "lets": """
        let widths = [4, 6]
        block unit(w, e = 2) { let inner = w * e; let wide = inner > 8; conv(inner, 1) -> if wide { relu } -> conv(w, 3) }
        net f { input x: 3x6x6; let last = widths[1] + 1; output y = x -> for w in widths { unit(w) } -> conv(last, 1) }""",
    "vectors": """
        block mlp(ns) = for n in ns { linear(n) -> relu }
        net f { input x: [7]; output y = x -> mlp([5, 4]) -> add { in; mlp([3, 4]) } -> linear(2) -> log_softmax }""",
    "outputs that are read on": """
        net f { input x: 3x6x6; output a = x -> conv(4, 3); output b = a -> relu -> conv(2, 1); output c = concat { a; b } }""",
    "an output that is the input": "net f { input x: 3x6x6; output y = x; output z = x -> relu }",
    "odd names": """
        block class(c) = conv(c, 1) -> relu
        block torch(lambda, nn) = conv(lambda, 1) -> conv(nn, 1)
        net Module { input self: 3x4x4; F = self -> class(2); output forward_ = F -> torch(3, 2) }""",
    "names of helpers": """
        block l2_normalise_(c) = conv(c, 1) -> relu
        block cut(a) = in -> crop(a) -> conv(3, 1)
        net f { input crop: 2x9x9; a = crop -> conv(3, 3, pad = 0); crops = crop -> cut(a)
          output _out = concat { crops; a } -> l2_normalise
          output index = a -> l2_normalise_(2) -> l2_normalise }""",
    "initialisers and frozen weights": """
        block seq(c) = conv(c, 3, init = normal(0.01)) -> relu -> deconv(c, 4, stride = 2, pad = 1, init = bilinear, frozen = true)
        net f { input x: 3x8x8
          output y = x -> seq(4) -> conv(2, 3, init = dirac, bias_init = constant(0.5)) -> linear_head: { flatten -> linear(3, init = xavier_uniform) } }""",
    "inputs that only training has": """
        net f { input a: 2x6x6; input b: 2x6x6; target label: class
          shared tower = conv(4, 3)
          output y = a -> tower -> global_avg_pool
          aux output z = concat { b -> tower -> global_avg_pool; y * one_hot(label, 4) } }""",
}
