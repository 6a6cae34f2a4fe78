"""N3 and N5: values, structure, expectations. The wrong example of each text gives its code, the right one none."""

from __future__ import annotations

from netdsl.codes.entry import Code, explained

CODES: dict[str, Code] = {
    # --------------------------------------------------------------------------------------------- what nobody uses
    "N301": explained(
        "a value that is never used",
        """
A value with a name is meant to be read by something. One that is not is either left over, or something else reads the
wrong value. A name that begins with `_` may stay unused: `kept, _rest = x -> split(2)`.
""",
        """
net n {
  input x: 3x8x8
  skip = x -> conv(8, 3)
  output y = x -> relu
}
""",
        """
net n {
  input x: 3x8x8
  skip = x -> conv(3, 3)
  output y = add { x -> relu; skip }
}
""",
    ),
    "N302": explained(
        "a value that goes nowhere",
        """
A body has one result: its one bare pipeline. Two lines are two pipelines, and the first one's value is lost; most
often the arrow at the beginning of the second line was forgotten. (In the braces of a merge each line is a branch.)
In a net results are outputs, and have names.
""",
        """
block a {
  conv(64, 3)
  relu
}
""",
        """
block a {
  conv(64, 3)
  -> relu
}
""",
    ),
    "N303": explained(
        "a parameter that is never used",
        """
Whoever calls the block would set it to no effect. A parameter whose name begins with `_` may stay unused.
""",
        "block a(width = 8, stride = 1) = conv(width, 3)",
        "block a(width = 8, stride = 1) = conv(width, 3, stride = stride)",
    ),
    "N304": Code(
        "an import that is never used",
        """
Nothing in the file reads a name that the import brings in.

Wrong:  import "resnet.net" as r       and no r.something anywhere
Right:  take the line away
""",
    ),
    "N305": explained(
        "a let or a shared block that is never used",
        """
Nothing reads the name. In a file whose lets other files import, an unused `let` outside of all blocks is only a
warning.
""",
        """
block a {
  let half = in.channels // 2
  conv(in.channels, 3)
}
""",
        """
block a {
  let half = in.channels // 2
  conv(half, 3)
}
""",
    ),
    # ------------------------------------------------------------------------------------------------- structure
    "N306": explained(
        "braces without a result",
        """
What stands in braces is a function of what enters them, and its result is the value of a bare pipeline. Braces that
only name values have none; the braces of a merge need a branch.
""",
        """
block a {
  x = in -> conv(64, 3)
}
""",
        """
block a {
  x = in -> conv(64, 3)
  x -> relu
}
""",
    ),
    "N307": explained(
        "a statement in the wrong place",
        """
`input`, `target` and `output` are a net's interface and stand directly in its braces. `each` makes branches, and
stands directly in the braces of a merge; in sequence one writes `for`. Before `output` only `aux` may stand.
""",
        """
block a {
  each d in [1, 2] { conv(8, 3, dilation = d) }
  relu
}
""",
        """
block a {
  for d in [1, 2] { conv(8, 3, dilation = d) }
  -> relu
}
""",
    ),
    "N308": explained(
        "something that is no stage",
        """
After an arrow stands what a value can flow through: an operator, a block, or braces. A number or another value is no
stage. Before braces that join branches stands an operator that takes several values.
""",
        "net n { input x: 3x8x8; output y = x -> 3 }",
        "net n { input x: 3x8x8; output y = x -> conv(8, 3) }",
    ),
    "N309": explained(
        "an operator that is applied to nothing",
        """
In braces a pipeline may begin with an operator, which is then applied to `in`. After `=` it must be said what flows:
`up = max_pool(2)` looks as if `up` were the pool, and is a value.
""",
        """
block a {
  up = max_pool(2)
  add { up; avg_pool(2) }
}
""",
        """
block a {
  up = in -> max_pool(2)
  add { up; avg_pool(2) }
}
""",
    ),
    "N310": explained(
        "`in` is not what flows over the arrow",
        """
`in` is the value that entered the innermost braces, also behind several arrows. Where an attribute of it differs from
that of the value that flows, one of the two was meant, and the text should say which: braces around the stage make
the flow its `in`; a name keeps the outer value.
""",
        """
block a = conv(64, 3) -> conv(in.channels, 1)
net n { input x: 3x8x8; output y = x -> a }
""",
        """
block a = conv(64, 3) -> { conv(in.channels, 1) }
net n { input x: 3x8x8; output y = x -> a }
""",
    ),
    "N311": explained(
        "nothing enters here",
        """
A net with one input has it as `in`. With several, or before the input is declared, `in` means nothing in the net's own
braces, and no operator can begin a pipeline there.
""",
        """
net n {
  input left, right: 3x8x8
  output y = concat { left; right; in }
}
""",
        """
net n {
  input left, right: 3x8x8
  output y = concat { left; right; left }
}
""",
    ),
    "N312": explained(
        "a value of the wrong kind",
        """
Numbers, truth values, texts, lists, blocks and values that flow are different things: a count is an integer, a
condition is true or false, `let` names numbers and blocks, `=` names values that flow, and only numbers can be
compared.
""",
        "net n { input x: 3x8x8; output y = x -> repeat 2.5 { relu } }",
        "net n { input x: 3x8x8; output y = x -> repeat 2 { relu } }",
    ),
    "N313": explained(
        "as many names as there are parts",
        """
`a, b = pipeline` takes a list of two values apart, `for a, b in rows` takes each row apart. There must be as many
names as parts.
""",
        """
net n {
  input x: 8x8x8
  a, b, c = x -> split(2)
  output y = add { a; b; c }
}
""",
        """
net n {
  input x: 8x8x8
  a, b = x -> split(2)
  output y = add { a; b }
}
""",
    ),
    "N314": explained(
        "a number that does not exist",
        """
Division by zero, an element beyond the end of a list, a loop with a negative count, the root of a negative number.
""",
        """
let widths = [64, 128]
net n { input x: 3x8x8; output y = x -> conv(widths[2], 3) }
""",
        """
let widths = [64, 128]
net n { input x: 3x8x8; output y = x -> conv(widths[1], 3) }
""",
    ),
    # ----------------------------------------------------------------------------------------------------- paths
    "N320": explained(
        "two modules with one path",
        """
A path of the state_dict names one module. Two labels may not be equal in one container, nor may a label equal the
name or number that a stage without label gets. In a loop a label must be computed, as `"unit{i}"` is.
""",
        """
net n {
  input x: 3x8x8
  output y = x -> repeat 2 { unit: conv(3, 3) }
}
""",
        """
net n {
  input x: 3x8x8
  output y = x -> for i in range(2) { "unit{i}": conv(3, 3) }
}
""",
    ),
    "N321": explained(
        "a label that cannot be one",
        """
A label is one component of a path: letters, digits and `_`, or a number, in quotes where it is computed. Dots separate
components. A label belongs to a stage that makes something: a value that is there already has none.
""",
        'net n { input x: 3x8x8; output y = x -> "layer.1": conv(8, 3) }',
        "net n { input x: 3x8x8; output y = x -> layer1: { conv(8, 3) } }",
    ),
    "N322": explained(
        "a label that would break the module",
        """
A label becomes an attribute of an nn.Module. One that nn.Module has itself, such as `train` or `type`, would hide it;
a word of Python cannot be written as an attribute.
""",
        "net n { input x: 3x8x8; output y = x -> type: conv(8, 3) }",
        "net n { input x: 3x8x8; output y = x -> kind: conv(8, 3) }",
    ),
    "N323": explained(
        "labels and numbers in one chain",
        """
A body that is one chain numbers the stages that have no label. Where some stages have labels, one without a label that
holds weights would get a number between them, which moves when a stage is put in front of it.
""",
        """
block a = first: conv(8, 3) -> relu -> conv(8, 3)
net n { input x: 3x8x8; output y = x -> a }
""",
        """
block a = first: conv(8, 3) -> relu -> second: conv(8, 3)
net n { input x: 3x8x8; output y = x -> a }
""",
    ),
    # --------------------------------------------------------------------------------------------- shared blocks
    "N324": explained(
        "a shared block that would need other weights",
        """
`shared` makes one instance with one set of weights. A second use whose input has other channels (or, before a linear
layer, another size) would need weights of other shapes.
""",
        """
net n {
  input a: 3x8x8
  input b: 4x8x8
  shared f = conv(8, 3)
  output y = add { a -> f; b -> f }
}
""",
        """
net n {
  input a: 3x8x8
  input b: 3x8x8
  shared f = conv(8, 3)
  output y = add { a -> f; b -> f }
}
""",
    ),
    "N325": explained(
        "a shared block in another block",
        """
A shared block belongs to the block or net where it is defined, and its weights stand there in the state_dict. It is
applied there, and what it gives is passed on.
""",
        """
block twice(f) = f -> f
net n {
  input x: 8x8x8
  shared f = conv(8, 3)
  output y = x -> twice(f)
}
""",
        """
net n {
  input x: 8x8x8
  shared f = conv(8, 3)
  output y = x -> f -> f
}
""",
    ),
    "N326": explained(
        "a value that flows inside a block that is passed on",
        """
A block that is an argument of another block is applied there, where the values of the caller do not flow. Give the
value to the other block as a parameter.
""",
        """
block twice(f) = f -> relu -> f
net n {
  input x: 8x8x8
  output y = x -> twice({ add { in; x } })
}
""",
        """
block twice(skip) = add { in; skip } -> relu -> add(skip)
net n {
  input x: 8x8x8
  output y = x -> twice(x)
}
""",
    ),
    # ------------------------------------------------------------------------------------------------------ nets
    "N330": explained(
        "a net without an input",
        """
A net declares what enters it, with its size or with symbols: `input image: 3x224x224`, `input image: [3, H, W]`. A
block needs no declaration.
""",
        "net n { output y = parameter([4]) }",
        "net n { input x: [4]; output y = x * parameter([4]) }",
    ),
    "N331": explained(
        "a net without an output",
        """
A net says what comes out, by name. Outputs marked `aux` exist in training only, so one without the mark is needed.
""",
        "net n { input x: 3x8x8; aux output y = x -> relu }",
        "net n { input x: 3x8x8; output y = x -> relu }",
    ),
    "N332": explained(
        "a net with several inputs as a stage",
        """
A net that is a stage of another one takes the value that flows as its input, so it must have exactly one.
""",
        """
net both { input a, b: 3x8x8; output y = add { a; b } }
net n { input x: 3x8x8; output y = x -> both }
""",
        """
block both(other) = add { in; other }
net n { input x: 3x8x8; output y = x -> both(x) }
""",
    ),
    "N333": explained(
        "something that is not there in a net that is a stage",
        """
A net that is a stage of another one has neither targets nor aux outputs; one that is cut with `from` has nothing of
what stands before the cut. The loss is no value of the network.
""",
        """
net inner { input a: 3x8x8; aux output side = a -> relu; output y = add { a; side } }
net n { input x: 3x8x8; output y = x -> inner }
""",
        """
net inner { input a: 3x8x8; side = a -> relu; output y = add { a; side } }
net n { input x: 3x8x8; output y = x -> inner }
""",
    ),
    "N334": explained(
        "a label that a net does not have",
        """
`upto(net, "label")` and `from(net, "label")` cut a net at a stage with that label. A label in a container is written
with its path. Several cuts at once are possible at labels outside of loops and merges.
""",
        """
net trunk { input a: 3x8x8; output y = a -> layer1: conv(8, 3) -> layer2: conv(8, 3) }
net n { input x: 3x8x8; output y = x -> upto(trunk, "layer3") }
""",
        """
net trunk { input a: 3x8x8; output y = a -> layer1: conv(8, 3) -> layer2: conv(8, 3) }
net n { input x: 3x8x8; output y = x -> upto(trunk, "layer1") }
""",
    ),
    "N335": explained(
        "a loss that is not one number",
        """
A loss is what an optimiser lowers: one number, for the batch or for each sample. The operators for losses take the
mean unless told otherwise; other values are reduced with `mean` or `sum`. It holds no weights: an operator that has
some belongs to the network, as an `aux output` where only the loss needs it.
""",
        """
net n {
  input x: [8]
  target t: [8]
  output y = x -> linear(8)
  loss = (y - t) ** 2
}
""",
        """
net n {
  input x: [8]
  target t: [8]
  output y = x -> linear(8)
  loss = mean((y - t) ** 2)
}
""",
    ),
    "N336": explained(
        "a value with other axes than the net takes",
        """
A net that is a stage of another one may be given another size than it declares, but not another number of axes.
""",
        """
net inner { input a: 3x8x8; output y = a -> global_avg_pool }
net n { input x: [3]; output y = x -> inner }
""",
        """
net inner { input a: 3x8x8; output y = a -> global_avg_pool }
net n { input x: 3x16x16; output y = x -> inner }
""",
    ),
    "N337": explained(
        "an output that needs a target",
        """
A target is what the loss compares with, and is not there when the network is used. What needs one can only be an
`aux output`, which exists in training, or when it is asked for.
""",
        """
net n {
  input x: [8]
  target label: class
  output y = x * one_hot(label, 8) -> linear(3)
}
""",
        """
net n {
  input x: [8]
  target label: class
  output z = x -> linear(3)
  aux output y = x * one_hot(label, 8) -> linear(3)
}
""",
    ),
    "N340": explained(
        "something that depends on an unknown size",
        """
With an input such as `[3, H, W]` the network is the same for every size, so neither a condition nor a count nor the
number of weights may depend on it. `--input image=3x256x256` gives the size.
""",
        """
net n {
  input x: [3, H, W]
  output y = x -> repeat H // 32 { conv(8, 3) }
}
""",
        """
net n {
  input x: [3, H, W]
  output y = x -> repeat 4 { conv(8, 3) }
}
""",
    ),
    "N350": explained(
        "an omitted `else` that adds what was just activated",
        """
Without an `else` the value passes unchanged. In a branch of an `add` after an activation this adds the activated
value, where most papers add the one before it. A warning: the text is accepted.
""",
        """
block unit(projects = false) = relu -> add {
  conv(8, 3)
  if projects { conv(8, 1) }
}
net n { input x: 8x8x8; output y = x -> unit }
""",
        """
block unit(projects = false) {
  x = in -> relu
  add {
    x -> conv(8, 3)
    if projects { x -> conv(8, 1) }
  }
}
net n { input x: 8x8x8; output y = x -> unit }
""",
    ),
    "N351": explained(
        "an operator alone as a branch",
        """
In the braces of a merge each line is a branch. A line that is one operator without arguments, after another branch, is
more often the next stage of that branch, its arrow forgotten. A warning: the text is accepted.
""",
        """
block a = concat {
  identity
  conv(8, 3)
  relu
}
""",
        """
block a = concat {
  identity
  conv(8, 3)
    -> relu
}
""",
    ),
    # ----------------------------------------------------------------------------------------------- expectations
    "N501": explained(
        "an expectation that does not hold",
        """
`expect` states what must hold of the network, such as the published number of parameters. Both sides are shown with
their values.
""",
        """
net n {
  input x: 3x8x8
  output y = x -> conv(8, 3)
  expect params == 216
}
""",
        """
net n {
  input x: 3x8x8
  output y = x -> conv(8, 3, bias = false)
  expect params == 216
}
""",
    ),
    "N502": explained(
        "a size that is not the one in the table",
        """
`@ 64x56x56` after a stage is the size that the paper's table gives for it, and is checked. It is that of one sample,
channels first.
""",
        "net n { input x: 3x8x8; output y = x -> conv(8, 3, stride = 2) @ 8x8x8 }",
        "net n { input x: 3x8x8; output y = x -> conv(8, 3, stride = 2) @ 8x4x4 }",
    ),
    "N503": explained(
        "an expectation that is no statement",
        """
After `expect` stands something true or false, after `@` a size.
""",
        """
net n {
  input x: 3x8x8
  output y = x -> relu
  expect y.channels
}
""",
        """
net n {
  input x: 3x8x8
  output y = x -> relu
  expect y.channels == 3
}
""",
    ),
}
