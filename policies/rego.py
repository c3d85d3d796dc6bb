"""With what the rules of a hand-out may be written, so that they see their input and nothing else.

Rules of this module:

- The whole text is read, token by token, before any engine parses it. What this reader does not know is
  refused, so there is no place that it passes over: not in a comprehension, not under `every`.
- A plainer language than Rego: ASCII, strings of one kind without escapes, whole numbers, shallow. So two
  parsers cannot read one text differently, and none has to read what would exhaust it.
- One package per file, that of its folder. No import but those that change nothing in Rego v1, so a name
  always means what it says.
- What is called is a built-in of the closed list (`portable.json`, what `opa check` is given too), operators
  included, or a function of the file, whose name begins with an underscore: no built-in's does. So nothing
  can take the name of another. None of the list knows a clock, chance, the machine or the network.
- `input` and `data.handout` are read by name. `with` stands once: where a call hands each of its decisions
  an input.
- Annotations are words for readers: none changes how an engine reads a rule (a schema may be fetched).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from policies.errors import ReleaseError

_LISTED: list[Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("portable.json").read_text(encoding="utf-8")
)["builtins"]
BUILTINS = frozenset(str(one["name"]) for one in _LISTED)
"""What rules may call, operators by their names (`union`, `equal`, `internal.member_2`)."""
_INFIX = frozenset(str(one["infix"]) for one in _LISTED if "infix" in one)

_TOKEN = re.compile(
    r"""(?P<space>[ \t\n]+)
      | (?P<comment>\#[ -~]*)
      | (?P<text>"[ !\#-\[\]-~]*")
      | (?P<number>[0-9]{1,9}(?![0-9A-Za-z_]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>:=|==|!=|<=|>=|[][(){}.,:;|&=<>+*/%-])""",
    re.VERBOSE,
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KEYWORDS = frozenset(
    _words("as contains default else every false if import in not null package some true with")
)
_BEFORE_GROUP = frozenset({"if", "in", "not"})
"""Words after which a bracket groups; after any other word it calls."""
_OPERATORS = frozenset(_words("= == != < <= > >= | & + - * / % :="))
_BEFORE_VALUE = _OPERATORS | {"if", "in", "not", "contains"}
"""What stands, outside all brackets, before a value; after anything else a rule begins."""
_PAIRS = {")": "(", "]": "[", "}": "{"}
_IMPORTS = frozenset({"rego.v1", *(f"future.keywords.{word}" for word in ("contains", "every", "if", "in"))})
_HANDS_ON = _words(
    "batch := [ answer | some item in input . items answer := data . handout . decision with input as item ]"
)
"""The one rule that asks for the decision on another input than its own."""
_ANNOTATION = re.compile(
    r"# (scope: package|entrypoint: true|title: [ -~]+|description: (\||[^|>][ -~]*))|#(   [ -~]+)?"
)
_DEEPEST = 6  # brackets within brackets: to read one more costs the embedded engine twice as much
_MOST_TOKENS = 20_000


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


def verify_rules(sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """Holds all rules of a release, path -> source, to the above. The texts in them, each with its place, for
    who knows which words there are. Raises ReleaseError, with the line.
    """
    most, texts = _MOST_TOKENS, []
    for path, source in sources.items():
        tokens = list(_tokens(path, source, most))
        most -= len(tokens)
        _File(path, tokens).verify()
        texts += [(f"{path}:{one.line}", one.text[1:-1]) for one in tokens if one.kind == "text"]
    return texts


def _tokens(path: str, source: str, most: int) -> Iterator[_Token]:
    """All but white space and comments. Raises ReleaseError."""
    at, line, annotated, read = 0, 1, False, 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            _refuse(path, line, "has a sign that rules are not written with")
        kind, text = str(found.lastgroup), found.group()
        if kind == "comment":
            first = at == 0 or source[at - 1] == "\n"
            if annotated and not (first and _ANNOTATION.fullmatch(text)):
                _refuse(path, line, "has an annotation that is more than words for readers")
            if "METADATA" in text:
                annotated = first and text == "# METADATA"
                if not annotated:
                    _refuse(path, line, "has an annotation that does not begin its line")
        elif kind == "space":
            annotated = annotated and text == "\n"
        else:
            annotated = False
            read += 1
            if read > most:
                raise ReleaseError(f"The rules of the hand-out are longer than {_MOST_TOKENS} words.")
            yield _Token(kind, text, line)
        line += text.count("\n")
        at = found.end()


@dataclass(frozen=True)
class _File:
    path: str
    tokens: Sequence[_Token]

    def verify(self) -> None:
        begins = self._header()
        depth: list[str] = []
        at = begins
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.kind == "word":
                at = self._word(at, len(depth))
                continue
            if token.text in "([{":
                if token.text == "(":
                    self._verify_groups(at)
                depth.append(token.text)
                if len(depth) > _DEEPEST:
                    self._refuse(at, f"has more than {_DEEPEST} brackets within each other")
            elif token.text in _PAIRS and (not depth or depth.pop() != _PAIRS[token.text]):
                self._refuse(at, "has a bracket that closes nothing")
            elif token.text == ";" and not depth:
                self._refuse(at, "has two rules on one line")
            elif token.text in _OPERATORS - _INFIX:
                self._refuse(at, f"uses {token.text}, which is not on the list of what rules may use")
            elif token.text == "." and self._text(at - 1) != "]":
                self._refuse(at, "has a point that names nothing")
            at += 1

    def _header(self) -> int:
        """Where the rules begin: after the package, which is the folder's, and the imports."""
        expected = [part for name in self.path.split("/")[:-1] for part in (".", name)][1:]
        at = 1 + len(expected)
        if [token.text for token in self.tokens[:at]] != ["package", *expected] or self._text(at) == ".":
            self._refuse(0, "is not in the package of its folder")
        while self._text(at) == "import":
            at, name = self._chain(at + 1)
            if name not in _IMPORTS:
                self._refuse(at - 1, "imports something")
        return at

    def _word(self, at: int, depth: int) -> int:
        """Past the name or word that begins here, within so many brackets."""
        before, word = self._text(at - 1), self._text(at)
        if before == ".":  # after a bracket: a field of what was looked up
            end, name = self._chain(at)
            if self._text(end) == "(":
                self._refuse(at, "calls what it worked out")
            return end
        if word in _KEYWORDS and self._text(at + 1) != ".":
            self._keyword(at, depth)
            return at + 1
        end, name = self._chain(at)
        root = name.partition(".")[0]
        if self._text(end) == "(":
            if name not in BUILTINS and not re.fullmatch("_[A-Za-z0-9_]*", name):
                self._refuse(at, f"uses {name[:60]}, which is not on the list of what rules may use")
        elif root == "data" and not name.startswith("data.handout."):
            self._refuse(at, "reads data that is not of the hand-out")
        elif name == "input" and (before, self._text(end)) != ("with", "as"):
            self._refuse(at, "reads its input whole, or by a name that it works out")
        if not depth and before not in _BEFORE_VALUE and root in _ROOTS:
            self._refuse(at, "has a rule with the name of something else")
        return end

    def _keyword(self, at: int, depth: int) -> None:
        word = self._text(at)
        if word in ("import", "package"):
            self._refuse(at, f"has {word} in the middle of its rules")
        if word in ("with", "as"):
            begin = at - _HANDS_ON.index(word)
            here = tuple(token.text for token in self.tokens[begin : begin + len(_HANDS_ON)])
            begins = depth == 1 and self._text(begin - 1) not in _BEFORE_VALUE  # a rule
            if here != _HANDS_ON or not begins or self.path != "handout/decision.rego":
                self._refuse(at, "decides on an input that it makes itself")

    def _verify_groups(self, at: int) -> None:
        """The call of a name is looked at with the name."""
        before = self.tokens[at - 1]
        if before.kind in ("text", "number") or before.text in (")", "]", "}", "."):
            self._refuse(at, "calls what it worked out")
        if before.text in _KEYWORDS - _BEFORE_GROUP and self._text(at - 2) != ".":
            self._refuse(at, f"calls {before.text}")

    def _chain(self, at: int) -> tuple[int, str]:
        """Past a dotted name, and the name."""
        names = [self._name(at)]
        at += 1
        while self._text(at) == ".":
            names.append(self._name(at + 1))
            at += 2
        return at, ".".join(names)

    def _name(self, at: int) -> str:
        if at >= len(self.tokens) or self.tokens[at].kind != "word":
            self._refuse(at - 1, "has a point that names nothing")
        return self.tokens[at].text

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _refuse(self, at: int, what: str) -> NoReturn:
        line = self.tokens[min(at, len(self.tokens) - 1)].line if self.tokens else 1
        _refuse(self.path, line, what)


_ROOTS = frozenset({"data", "input", *(name.partition(".")[0] for name in BUILTINS)})


def _refuse(path: str, line: int, what: str) -> NoReturn:
    raise ReleaseError(f"{path}:{line} {what}.")
