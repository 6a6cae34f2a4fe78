"""Every mistake of a text, once the parser has stopped at the first.

The tokens are read again by the same tables, without building anything. Where a token cannot stand, the handlers of
`mistakes` are asked in turn: one that knows the mistake reports it and mends the stacks as the writer meant it (a comma
put in, `=>` taken as `->`), so that reading goes on at the next token and nothing follows from the mistake. Where no
mending is known, the rest of the statement or argument is skipped.

A handler judges by the token, the one before it, the open brackets and the statement so far; never by the number of a
state, which changes with every edit of the grammar.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netdsl.diagnostics import Diagnostic, Fix, Label
from netdsl.source import Source, Span
from netdsl.syntax.characters import FORBIDDEN, join_words
from netdsl.syntax.grammar import Tables
from netdsl.syntax.layout import CLOSERS, OPENERS
from netdsl.syntax.limits import MAX_NESTING, too_deep
from netdsl.syntax.margins import Margins
from netdsl.syntax.mistakes import HANDLERS, STRUCTURAL
from netdsl.syntax.mistakes.brackets import blame_unclosed
from netdsl.syntax.tokens import END, Token, ends_operand

DEFINING = frozenset({"BLOCK", "NET", "IMPORT"})
MAX_ERRORS = 200
"""Mistakes after which nobody reads on."""

_MAX_STACK = 1500
"""States that no text within the nesting limit can stack up."""

_STATEMENTS = frozenset({"INPUT", "TARGET", "OUTPUT", "SHARED", "LET", "EXPECT", "EACH"}) | DEFINING


@dataclass(slots=True)
class Bracket:
    """An open bracket, or the file itself: `height` of the stack just inside it, `head` of its present statement.

    `said` holds the codes that are not to be repeated in this statement; `header` is the `if`, `for`, `repeat` or
    `each` that waits for its `{`; `commas` tells that commas between its statements were reported.
    """

    opener: Token
    index: int
    height: int
    head: int
    said: set[str] = field(default_factory=set)
    header: Token | None = None
    commas: bool = False

    @property
    def kind(self) -> str:
        return self.opener.kind

    @property
    def round(self) -> bool:
        """Whether newlines mean nothing directly inside."""
        return self.kind in ("LPAR", "LSQB")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A `}` that starts a line in the column of the bracket around the one that it closes."""

    opener: Token
    closer: Token
    outer: Token


class Recovery(Margins):
    """One reading of a text's tokens that goes on after a mistake; `errors` grows."""

    def __init__(self, grammar: Tables, source: Source, tokens: list[Token]) -> None:
        super().__init__(source)
        self.grammar = grammar
        self.tokens = join_words(tokens)
        self.errors: list[Diagnostic] = []
        self.at = 0
        self.states = [grammar.starts["start"]]
        self.earlier = self.states
        """The stack before the last token was taken."""
        self.brackets = [Bracket(Token("FILE", "", Span(source, 0, 0)), -1, 1, 0)]
        self.previous: Token | None = None
        self.misplaced: Misplaced | None = None
        self.stray = False
        """Whether statements were met outside any definition, which explains a `}` that closes nothing."""
        self.ended: Token | None = None
        """The `}` that closed the last definition."""
        self._blamed = -1
        self._panicked = -1

    # ------------------------------------------------------------------------------------------- reading

    def run(self) -> list[Diagnostic]:
        while True:
            token = self.tokens[self.at]
            if token.kind == "_NL" and self.inner.round:
                self.at += 1
            elif self.take(token):
                if token.kind == END:
                    return self.errors
                if len(self.brackets) > MAX_NESTING + 1 or len(self.states) > _MAX_STACK:
                    self.errors.append(too_deep(token.span))
                    return self.errors
            elif len(self.errors) < MAX_ERRORS:
                self._mend(token)
            else:
                return self.errors

    def _mend(self, token: Token) -> None:
        again = self._blamed == self.at
        self._blamed = self.at
        for handler in STRUCTURAL if again else HANDLERS:
            if handler(self, token):
                return
        self.panic()

    def take(self, token: Token, kind: str | None = None) -> bool:
        """Feed the token at hand, as if it were of `kind`, and go to the next; False if it cannot stand here."""
        kind = kind or token.kind
        if kind == END:
            return self.accepts(END)
        if not self.feed(kind):
            return False
        inner = self.inner
        if kind in DEFINING and len(self.brackets) == 1:
            self.stray = False
        if kind in OPENERS:
            inner.header = inner.header if kind != "LBRACE" else None
            self.brackets.append(Bracket(token, self.at, len(self.states), self.at + 1))
        elif kind in CLOSERS:
            self._close(token)
        elif kind in ("_NL", "SEMICOLON"):
            inner.head = self.at + 1
            inner.said.clear()
            inner.header = None
        elif kind in ("IF", "FOR", "REPEAT", "EACH") and not ends_operand(self.previous):
            inner.header = token
        self.previous = token if token.kind == kind else Token(kind, token.text, token.span)
        self.at += 1
        return True

    def _close(self, token: Token) -> None:
        bracket = self.brackets.pop()
        if token.kind != "RBRACE" or bracket.kind != "LBRACE":
            return
        if len(self.brackets) == 1:
            self.misplaced = None
            self.ended = token
        elif self.misplaced is None and self.starts_line(token):
            place = self.indent(token)
            if place not in self._closing_columns(bracket.opener):
                for outer in reversed(self.brackets[1:]):
                    if place in self._closing_columns(outer.opener):
                        self.misplaced = Misplaced(bracket.opener, token, outer.opener)
                        break

    def _closing_columns(self, opener: Token) -> tuple[int, ...]:
        """Where the `}` of a brace is expected: under its line, or under the stage behind the arrow of its line."""
        indent, margin = self.indent(opener), self._margin(opener)
        return (indent, indent + 3) if self.source.text.startswith("->", margin) else (indent,)

    # -------------------------------------------------------------------------------------------- tables

    def feed(self, kind: str) -> bool:
        """Shift a token of `kind`; the stack stays as it was if that cannot stand here."""
        states = self._shifted(kind)
        if states is None:
            return False
        self.earlier, self.states = self.states, states
        return True

    def accepts(self, *kinds: str) -> bool:
        """Whether the tokens of these kinds could follow."""
        kept = self.states, self.earlier
        fed = all(self.feed(kind) for kind in kinds)
        self.states, self.earlier = kept
        return fed

    def _shifted(self, kind: str) -> list[int] | None:
        table, rules = self.grammar.states, self.grammar.rules
        states = self.states.copy()
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                return None
            if action >= 0:
                states.append(action)
                return states
            rule = rules[~action]
            if rule.size:
                del states[-rule.size :]
            states.append(table[states[-1]][rule.origin])
            if kind == END and states[-1] == self.grammar.ends["start"]:
                return states

    def expected(self) -> list[str]:
        """The kinds of the tokens that could stand here."""
        return [kind for kind in self.grammar.states[self.states[-1]] if kind.isupper() and self.accepts(kind)]

    # ----------------------------------------------------------------------------------------- reporting

    def report(
        self,
        code: str,
        message: str,
        place: Token | Span,
        label: str = "",
        help: str | None = None,
        fix: Fix | None = None,
        others: tuple[Label, ...] = (),
    ) -> None:
        span = place.span if isinstance(place, Token) else place
        if isinstance(place, Token) and place.kind in ("_NL", END):
            at = max((token.end for token in self.tokens[-3:] if token.kind not in ("_NL", END)), default=0)
            at = span.start if place.kind == "_NL" else at
            span = Span(span.source, at, at)
        self.errors.append(Diagnostic(code, message, span, label, others, (), help, fix))

    def report_once(self, code: str, message: str, place: Token, label: str, help: str) -> None:
        """Report it, unless this statement had one of these already."""
        if code not in self.inner.said:
            self.report(code, message, place, label, help)
        self.inner.said.add(code)

    # ------------------------------------------------------------------------------------------- mending

    def insert(self, kind: str) -> bool:
        """Go on as if a token of `kind` stood before the one at hand."""
        return self.feed(kind)

    def open_brace(self) -> bool:
        """Go on as if a `{` stood before the token at hand, where a `}` is left over for it; False where none is."""
        if self._surplus() <= 0 or not self.accepts("LBRACE"):
            return False
        self.feed("LBRACE")
        self.inner.header = None
        opener = Token("LBRACE", "{", self.tokens[self.at - 1].span)
        self.brackets.append(Bracket(opener, self.at - 1, len(self.states), self.at))
        return True

    def _surplus(self) -> int:
        """How many `}` stand between here and the next definition that no `{` waits for."""
        surplus = -sum(bracket.kind == "LBRACE" for bracket in self.brackets)
        for token in self.tokens[self.at :]:
            if token.kind in DEFINING and self.starts_line(token):
                break
            surplus += (token.kind == "RBRACE") - (token.kind == "LBRACE")
        return surplus

    def drop(self) -> bool:
        """Go on as if the token at hand were not there."""
        self.at += 1
        self._blamed = self.at
        return True

    def restart(self) -> None:
        """Forget the present statement, or argument, of the innermost bracket."""
        self.states = self.states[: self.inner.height]
        self.inner.head = self.at
        self.inner.header = None

    def force_close(self) -> None:
        """Go on as if the innermost bracket were closed."""
        bracket = self.inner
        self.restart()
        closer = OPENERS[bracket.kind]
        if not self.accepts(closer):
            self.feed("NAME")
        self.feed(closer)
        self.brackets.pop()

    def leave_round(self) -> None:
        """Leave every `(` and `[` up to the innermost brace, and begin a new statement there."""
        while self.inner.round:
            self.brackets.pop()
        self.restart()

    def panic(self) -> bool:
        """Skip to where reading can go on: the end of the argument or statement, or a `{` to enter."""
        if self._panicked == self.at and self.tokens[self.at].kind != END:
            self.at += 1
        if self.inner.round:
            self._skip_argument()
        else:
            self._skip_statement()
        self._panicked = self.at
        return True

    def skip_elements(self) -> bool:
        """Skip the rest of a round bracket, up to its closer or to where it should have been closed."""
        bracket, depth = self.inner, 0
        while True:
            token = self.tokens[self.at]
            if token.kind == END or (token.kind in CLOSERS and not depth):
                return True
            if self.starts_line(token) and self.unclosed(bracket, self.at):
                return True
            depth += (token.kind in OPENERS) - (token.kind in CLOSERS)
            self.at += 1

    def _skip_argument(self) -> None:
        bracket, depth = self.inner, 0
        while True:
            token = self.tokens[self.at]
            kind = token.kind
            if kind == END or (self.starts_line(token) and self.unclosed(bracket, self.at)):
                blame_unclosed(self, token)
                return
            if kind in OPENERS:
                if kind == "LBRACE" and not depth:
                    self.restart()
                    if self.accepts(kind):
                        return
                depth += 1
            elif kind in CLOSERS:
                if not depth:
                    self.restart()
                    if not self.accepts(kind):
                        self.feed("NAME")
                    return
                depth -= 1
            elif kind == "COMMA" and not depth:
                self.restart()
                if self.accepts("NAME", "COMMA"):
                    self.feed("NAME")
                    return
            self.at += 1

    def _skip_statement(self) -> None:
        depth = 0
        while True:
            token = self.tokens[self.at]
            kind = token.kind
            defines = kind in DEFINING and self.starts_line(token)
            ends = kind in ("_NL", "SEMICOLON", "RBRACE") and not depth
            if kind == END or defines or ends or (kind in _STATEMENTS and self.starts_line(token)):
                self.restart()
                return
            if kind == "LBRACE":
                self.restart()
                if len(self.brackets) == 1:
                    self.feed("BLOCK")
                    self.feed("NAME")
                return
            if kind in ("LPAR", "LSQB"):
                depth += 1
            elif kind in ("RPAR", "RSQB") and depth:
                depth -= 1
            self.at += 1

    # ------------------------------------------------------------------------------------------- looking

    def forbidden(self, token: Token) -> bool:
        """Whether the token is a character that was already refused before scanning."""
        return FORBIDDEN.match(token.text) is not None

    @property
    def inner(self) -> Bracket:
        """The innermost open bracket."""
        return self.brackets[-1]

    @property
    def following(self) -> Token:
        """The token after the one at hand."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def statement(self) -> list[Token]:
        """The tokens of the present statement, or since the innermost bracket, up to the one at hand."""
        return self.tokens[self.inner.head : self.at]

    def unclosed(self, bracket: Bracket, index: int) -> bool:
        """Whether the round bracket that is open before token `index` misses its end.

        So it is if a line begins with a statement's keyword, or no further to the right than the bracket's own line,
        before the end comes.
        """
        base, depth = self.indent(bracket.opener), 0
        for token in self.tokens[index:]:
            kind = token.kind
            if kind in CLOSERS:
                if not depth:
                    return CLOSERS[kind] != bracket.kind
                depth -= 1
            elif kind == END:
                return True
            elif not depth and self.starts_line(token):
                if kind in _STATEMENTS or self.indent(token) <= base:
                    return True
            elif kind in DEFINING and self.starts_line(token):
                return True
            if kind in OPENERS:
                depth += 1
        return True
