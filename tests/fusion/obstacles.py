"""Random networks in which something is in the way of each fusion: one obstacle for every legality rule, in turn.

A text is a function of its seed, as in `texts.py`, whose statements stand around the obstacles.
"""

from __future__ import annotations

from random import Random

from tests.fusion.texts import Value, Writer


class Obstructed(Writer):
    """Every third statement is an obstacle; networks take them in turn, so that all come equally often."""

    def __init__(self, seed: int) -> None:
        super().__init__(Random(seed))
        self.turn = 4 * seed

    def statement(self, name: str) -> None:
        super().statement(name)
        if len(self.values) % 2 == 0 and self.values[-1].size >= 2:
            self.turn += 1
            value = self.random.choice([v for v in self.values[-4:] if v.size >= 2])
            OBSTACLES[self.turn % len(OBSTACLES)](self, value, f"{name}o")

    def say(self, name: str, text: str, channels: int, size: int) -> None:
        self.lines.append(f"{name} = {text}")
        self.values.append(Value(name, channels, size))

    # Of norms.

    def norm_of_the_batch(self, value: Value, name: str) -> None:
        self.say(name, f"{value.name} -> conv(4, 3) -> batch_norm(track = false)", 4, value.size)

    def two_norms(self, value: Value, name: str) -> None:
        self.say(name, f"{value.name} -> conv(4, 3) -> batch_norm -> batch_norm(eps = 0.01)", 4, value.size)

    def norm_after_softplus(self, value: Value, name: str) -> None:
        self.say(name, f"{value.name} -> conv(4, 1) -> softplus -> batch_norm", 4, value.size)

    def norm_after_another_padding(self, value: Value, name: str) -> None:
        mode = self.random.choice(("replicate", "circular"))
        self.say(name, f'{value.name} -> conv(4, 3, mode = "{mode}") -> batch_norm -> relu', 4, value.size)

    def norm_of_an_input(self, value: Value, name: str) -> None:
        reader = self.random.choice(("softplus", "crop(size = [8, 8])"))
        self.say(name, f"x -> batch_norm -> {reader}", self.values[0].channels, 8)

    def norm_of_what_others_read(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(4, 3)")
        again = self.random.choice((f"{name}a -> tanh", f"{name}a -> softplus"))
        self.say(name, f"add({name}a -> batch_norm, {again})", 4, value.size)

    def norm_of_an_output(self, value: Value, name: str) -> None:
        """The map is an output, and so is what a prologue would be."""
        self.lines.append(f"{name}a = {value.name} -> conv(4, 3)")
        self.lines.append(f"output {name}b = {name}a")
        self.say(name, f"{name}a -> batch_norm", 4, value.size)
        self.lines.append(f"output {name}c = {name}")

    # Of sums.

    def sum_with_a_number(self, value: Value, name: str) -> None:
        self.say(name, f"{value.name} -> conv(4, 1) -> add(scalar = 0.5)", 4, value.size)

    def sum_of_three(self, value: Value, name: str) -> None:
        arms = f"{value.name} -> conv(4, 1); {value.name} -> conv(4, 3); {value.name} -> conv(4, 3) -> relu"
        self.say(name, f"add {{ {arms} }} -> relu", 4, value.size)

    def sum_over_points(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(4, 3)")
        self.say(name, f"add({name}a, {name}a -> global_avg_pool) -> relu", 4, value.size)

    def sum_with_itself(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(4, 3)")
        self.say(name, f"add({name}a, {name}a)", 4, value.size)

    def two_sums(self, value: Value, name: str) -> None:
        arms = f"{value.name} -> conv({value.channels}, 3); {value.name}"
        self.say(name, f"add {{ add {{ {arms} }}; {value.name} }}", value.channels, value.size)

    # Of activations.

    def activation_of_a_number(self, value: Value, name: str) -> None:
        number = f"add({value.name} -> mean, {self.values[0].name} -> mean)"
        self.lines.append(f"output {name} = {number} -> relu")

    def activation_of_a_part(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a, {name}b = {value.name} -> conv(6, 1) -> split(2)")
        self.say(name, f"concat({name}a -> relu, {name}b -> batch_norm)", 6, value.size)

    def activation_twice(self, value: Value, name: str) -> None:
        self.say(name, f"{value.name} -> conv(4, 1) -> silu -> tanh", 4, value.size)

    def pool_in_between(self, value: Value, name: str) -> None:
        """A mean is no order, and its kernel has no norm."""
        self.lines.append(f"output {name}a = {value.name} -> global_avg_pool -> sigmoid")
        pool = "avg_pool(3, stride = 1, pad = 1) -> batch_norm -> relu"
        self.say(name, f"{value.name} -> {pool}", value.channels, value.size)

    # Of prologues and of maps.

    def map_that_others_read(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(2, 3) -> flatten")
        self.lines.append(f"output {name} = {name}a -> linear(3)")
        self.lines.append(f"output {name}b = {name}a" + self.random.choice(("", " -> tanh")))

    def prologue_of_one_reader(self, value: Value, name: str) -> None:
        """One reader takes it, another cannot."""
        self.lines.append(f"{name}a = {value.name} -> softplus -> batch_norm -> relu")
        self.say(name, f"add({name}a -> conv({value.channels}, 3), {name}a -> softplus)", value.channels, value.size)

    def prologue_twice(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> softplus -> relu")
        self.say(name, f"mul({name}a, {name}a)", value.channels, value.size)

    def prologue_and_output(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> softplus -> batch_norm")
        self.lines.append(f"output {name}b = {name}a")
        self.say(name, f"{name}a -> conv(4, 3)", 4, value.size)

    # Of concats and siblings.

    def concat_along_rows(self, value: Value, name: str) -> None:
        joined = f"concat(axis = 1) {{ {value.name} -> conv(4, 3); {value.name} -> conv(4, 1) }}"
        self.say(name, f"{joined} -> crop(size = [{value.size}, {value.size}])", 4, value.size)

    def concat_of_too_many(self, value: Value, name: str) -> None:
        arms = "; ".join(f"{value.name} -> conv(2, 1) -> softplus" for _ in range(5))
        self.say(name, f"concat {{ {arms} }} -> conv(4, 1)", 4, value.size)

    def concat_read_whole(self, value: Value, name: str) -> None:
        arms = f"{value.name} -> softplus; {value.name} -> conv(2, 1)"
        self.say(name, f"concat {{ {arms} }} -> tanh", value.channels + 2, value.size)

    def concat_with_itself(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(2, 3)")
        self.say(name, f"concat({name}a, {name}a) -> relu", 4, value.size)

    def concat_of_a_crop(self, value: Value, name: str) -> None:
        cut = f"{value.name} -> conv(2, 3) -> crop(size = [{value.size - 1}, {value.size - 1}])"
        arms = f"{cut}; {value.name} -> conv(2, 2, pad = 0)"
        self.say(name, f"concat {{ {arms} }} -> relu", 4, value.size - 1)

    def concat_of_an_input(self, value: Value, name: str) -> None:
        self.say(name, "concat { x -> conv(2, 1); x } -> tanh", self.values[0].channels + 2, 8)

    def two_concats(self, value: Value, name: str) -> None:
        self.lines.append(f"{name}a = {value.name} -> conv(2, 3)")
        self.lines.append(f"{name}b = {value.name} -> conv(4, 3)")
        self.lines.append(f"{name}c = concat({name}a, {name}b) -> tanh")
        self.say(name, f"add(concat({name}b, {name}a) -> relu, {name}c)", 6, value.size)

    def siblings_apart(self, value: Value, name: str) -> None:
        arms = "; ".join(f"{value.name} -> conv(2, {kernel})" for kernel in (3, 1, 3, 1, 3))
        self.say(name, f"concat {{ {arms} }}", 10, value.size)


OBSTACLES = tuple(
    made for title, made in vars(Obstructed).items() if not title.startswith("_") and title not in ("statement", "say")
)


def text(seed: int) -> str:
    return Obstructed(seed).text()


if __name__ == "__main__":
    import sys

    print(text(int(sys.argv[1])))
