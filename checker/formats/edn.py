"""EDN, the data notation of Clojure: a reader and a writer of its values.

    nil true 12 1.5 2/3 "text" \\c :keyword symbol (list) [vector] {:map 1} #{:set} #tag value

Read as: nil, booleans, integers, floats and strings as their Python likes; ``1.5M`` as Decimal,
``2/3`` as Fraction; a vector as a tuple; the rest as the classes below. Equal values are equal
after reading, and every value can be hashed. Comments, ``#_`` discards and commas are skipped.
Beyond EDN, what Clojure prints is read too: ``0x1f``, and ``#:a{:b 1}`` as a tagged map.

Source: the EDN specification, github.com/edn-format/edn.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

DEPTH_MAX = 200
"""Collections inside collections; deeper ones are refused rather than followed."""


class EdnError(ValueError):
    """Text that is not EDN; ``line`` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


class EdnIncomplete(EdnError):
    """Text that ends inside a value."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """``:name``, here without its colon."""

    name: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """A bare name."""

    name: str


@dataclass(frozen=True, slots=True)
class Character:
    """One character, written with a backslash."""

    value: str


@dataclass(frozen=True, slots=True)
class List:
    """``(a b)``."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Set:
    """``#{a b}``, in the order of the text."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """``{a 1, b 2}``, in the order of the text."""

    items: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """``#tag value``."""

    tag: str
    value: Any


_TOKEN = re.compile(
    r"""[\s,]+
    | ;[^\n]*
    | (?P<open>   \#?\{ | \[ | \( )
    | (?P<close>  [\]})] )
    | (?P<string> "(?:[^"\\]|\\.)*" )
    | (?P<discard> \#_ )
    | (?P<special> \#\#[A-Za-z]+ )
    | (?P<tag>    \#:?[A-Za-z][\w.\-/+*!?$%&=<>']* )
    | (?P<character> \\(?:newline|return|space|tab|formfeed|backspace|u[0-9A-Fa-f]{4}|.)
                     (?=[\s,;"()\[\]{}]|\Z) )
    | (?P<number> [+-]?\d[\w.+/\-]* )
    | (?P<word>   :?[^\s,;"()\[\]{}\\#^@`~]+\#? )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"[\s,]+")
_INTEGER = re.compile(r"([+-]?(?:0|[1-9]\d*))N?\Z")
_FLOAT = re.compile(r"([+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?)(M?)\Z")
_HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9A-Fa-f]{1,16})N?\Z")
_RATIO = re.compile(r"([+-]?\d+)/(\d+)\Z")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_NAME = re.compile(r"[^\s,;\"()\[\]{}\\#^@`~:\d][^\s,;\"()\[\]{}\\#^@`~]*\Z")

_CLOSER = {"{": "}", "#{": "}", "[": "]", "(": ")"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}
_CHARACTERS = {
    "newline": "\n",
    "return": "\r",
    "space": " ",
    "tab": "\t",
    "formfeed": "\f",
    "backspace": "\b",
}
_CHARACTER_NAMES = {value: name for name, value in _CHARACTERS.items()}
_WORDS: dict[str, Any] = {"nil": None, "true": True, "false": False}
_SPECIAL = {"##Inf": float("inf"), "##-Inf": float("-inf"), "##NaN": float("nan")}


def loads(text: str) -> list[Any]:
    """All values that stand in this text; EdnError says what is wrong, and where."""
    reader = Reader(text)
    return [value for _, value in reader.values()]


Shortcut = Callable[[str, int], tuple[Any, int] | None]
"""shortcut(text, position): a value that begins there and where it ends, if this is one of those
that the shortcut knows; a value to which it is all the same in which way it is read."""


class Reader:
    """Reads values from a text, which may come in pieces, and knows their lines."""

    def __init__(self, text: str = "", *, line: int = 1) -> None:
        self._text = text
        self._first_line = line
        self._at = 0
        self._start = 0
        self._done = 0
        self._enough = 0
        self._closer: str | None = None
        self._opened = line
        self._newlines: list[int] | None = None

    def feed(self, more: str) -> None:
        """Add to the text; ``more`` begins a line."""
        self._first_line += self._text.count("\n", 0, self._done)
        self._text = self._text[self._done :] + more
        self._at -= self._done
        self._done = 0
        self._newlines = None

    def values(
        self, *, unwrap: bool = False, final: bool = True, shortcut: Shortcut | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Each value with its line. ``unwrap``: of a top-level vector or list, each element.

        ``shortcut`` is asked first, wherever a value may begin.

        If the text is not ``final`` and ends inside a value, that one waits for more text. A list
        or vector that starts with anything but a collection or a tag is a value of its own.
        """
        if not final and len(self._text) < self._enough:
            return
        try:
            while True:
                self._done = self._at
                found = self._top_level(unwrap, shortcut)
                if found is None:
                    break
                yield found
        except EdnIncomplete:
            if final:
                raise
            # A value of many lines is read again and again as it comes: only when it has doubled.
            self._enough = 2 * (len(self._text) - self._done)
            self._at = self._done
            return
        self._enough = 0
        if self._closer is not None and final:
            raise EdnIncomplete(
                f"what opens here never closes with {self._closer!r}; the file seems to be cut off",
                self._opened,
            )

    def _top_level(self, unwrap: bool, shortcut: Shortcut | None) -> tuple[int, Any] | None:
        while True:
            if shortcut is not None:
                blank = _BLANK.match(self._text, self._at)
                start = self._at if blank is None else blank.end()
                taken = shortcut(self._text, start)
                if taken is not None:
                    value, self._at = taken
                    return self.line(start), value
            token = self._next()
            if token is None:
                return None
            kind, word = token
            if kind == "discard":
                self._discard(0)
            elif kind == "close" and self._closer is not None:
                self._close(word, self._closer)
                self._closer = None
            elif unwrap and self._closer is None and word in ("[", "(") and self._wraps(word):
                self._closer = _CLOSER[word]
                self._opened = self.line(self._start)
            else:
                line = self.line(self._start)
                return line, self._value(kind, word, depth=0)
            self._done = self._at

    def _wraps(self, opener: str) -> bool:
        """Whether what is open here holds values, not words: a look at the next token."""
        start, at = self._start, self._at
        token = self._next()
        self._start, self._at = start, at
        if token is None:
            self._incomplete(f"what opens here never closes with {_CLOSER[opener]!r}")
        return token[0] in ("open", "close", "tag", "discard")

    def line(self, position: int) -> int:
        """The line, from 1, of a position in the text."""
        if self._newlines is None:
            self._newlines = [found.start() for found in re.finditer("\n", self._text)]
        return bisect_right(self._newlines, position - 1) + self._first_line

    def _fail(self, reason: str) -> NoReturn:
        raise EdnError(reason, self.line(self._start))

    def _incomplete(self, reason: str) -> NoReturn:
        raise EdnIncomplete(f"{reason}; the file seems to be cut off", self.line(self._start))

    def _next(self) -> tuple[str, str] | None:
        text = self._text
        while self._at < len(text):
            match = _TOKEN.match(text, self._at)
            if match is None:
                self._start = self._at
                if text[self._at] == '"':
                    self._incomplete("this string has no end")
                excerpt = text[self._at : self._at + 20].split("\n")[0]
                self._fail(f"{excerpt!r} is not EDN")
            kind = match.lastgroup
            if kind is not None:
                self._start = self._at
                self._at = match.end()
                return kind, match.group()
            self._at = match.end()
        return None

    def _element(self, closer: str, opened: int, depth: int) -> tuple[str, str] | None:
        """The next token inside a collection; None at its end. Discards are skipped."""
        while True:
            token = self._next()
            if token is None:
                self._start = opened
                self._incomplete(f"what opens here never closes with {closer!r}")
            kind, word = token
            if kind == "close":
                self._close(word, closer)
                return None
            if kind != "discard":
                return token
            self._discard(depth)

    def _close(self, word: str, closer: str) -> None:
        if word != closer:
            self._fail(f"{word!r} where {closer!r} must close")

    def _discard(self, depth: int) -> None:
        self._operand("#_", depth)

    def _operand(self, prefix: str, depth: int) -> Any:
        """The value that a tag or a discard stands before."""
        self._limit(depth)
        token = self._next()
        while token is not None and token[0] == "discard":
            self._discard(depth + 1)
            token = self._next()
        if token is None:
            self._incomplete(f"nothing follows {prefix}")
        if token[0] == "close":
            self._fail(f"nothing follows {prefix}")
        return self._value(*token, depth=depth + 1)

    def _value(self, kind: str, word: str, *, depth: int) -> Any:
        self._limit(depth)
        if kind == "word":
            return self._word(word)
        if kind == "number":
            return self._number(word)
        if kind == "string":
            return self._string(word[1:-1])
        if kind == "open":
            return self._collection(word, depth)
        if kind == "tag":
            return Tagged(word[1:], self._operand(word, depth))
        if kind == "character":
            return Character(self._character(word[1:]))
        if kind == "special":
            if word not in _SPECIAL:
                self._fail(f"unknown {word}")
            return _SPECIAL[word]
        self._fail(f"{word!r} closes nothing")

    def _limit(self, depth: int) -> None:
        if depth > DEPTH_MAX:
            self._fail(f"values nest deeper than {DEPTH_MAX}")

    def _collection(self, opener: str, depth: int) -> Any:
        closer = _CLOSER[opener]
        start = self._start
        items: list[Any] = []
        while (token := self._element(closer, start, depth)) is not None:
            items.append(self._value(*token, depth=depth + 1))
        if opener == "[":
            return tuple(items)
        if opener == "(":
            return List(tuple(items))
        if opener == "#{":
            self._refuse_twins(items, start)
            return Set(tuple(items))
        if len(items) % 2:
            self._start = start
            self._fail("a map has a key without a value")
        self._refuse_twins(items[::2], start)
        return Map(tuple(zip(items[::2], items[1::2], strict=True)))

    def _refuse_twins(self, items: list[Any], start: int) -> None:
        if all(type(item) is Keyword for item in items) and len(set(items)) == len(items):
            return
        # By their text: in Python 1, 1.0 and True would be twins.
        texts: set[str] = set()
        for item in items:
            text = describe(item)
            if text in texts:
                self._start = start
                self._fail(f"{text} occurs twice in one collection")
            texts.add(text)

    def _word(self, word: str) -> Any:
        if word in _WORDS:
            return _WORDS[word]
        if word[0] == ":":
            if len(word) == 1 or word[1] == ":":
                self._fail(f"{word!r} is not a keyword")
            return Keyword(word[1:])
        return Symbol(word)

    def _number(self, word: str) -> Any:
        try:
            if match := _INTEGER.match(word):
                return int(match[1])
            if match := _HEXADECIMAL.match(word):
                return int(match[1] + match[2], 16)
            if match := _FLOAT.match(word):
                return Decimal(match[1]) if match[2] else self._float(match[1])
            if match := _RATIO.match(word):
                return Fraction(int(match[1]), int(match[2]))
        except (ValueError, ArithmeticError):
            self._fail(f"{word[:40]!r} is a number beyond what can be read")
        self._fail(f"{word[:40]!r} is not a number")

    def _float(self, word: str) -> float:
        number = float(word)
        if math.isinf(number):
            raise OverflowError(word)
        return number

    def _string(self, inside: str) -> str:
        if "\\" not in inside:
            return inside
        text = _ESCAPE.sub(self._escape, inside)
        if _SURROGATES.search(text):
            # Two escapes may stand for one character, as in Java.
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return text

    def _escape(self, match: re.Match[str]) -> str:
        code = match[1]
        if code in _ESCAPES:
            return _ESCAPES[code]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        self._fail(f"unknown escape {match[0]!r} in a string")

    def _character(self, name: str) -> str:
        if name in _CHARACTERS:
            return _CHARACTERS[name]
        return chr(int(name[1:], 16)) if len(name) == 5 else name


def dumps(value: Any) -> str:
    """The EDN text of a value; ValueError for one that EDN cannot say."""
    return _text(value, _name)


def describe(value: Any) -> str:
    """The text of a value that was read, also where a name in it is one that EDN cannot say."""
    return _text(value, str)


def _text(value: Any, name: Callable[[str], str]) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Keyword):
        return ":" + name(value.name)
    if isinstance(value, tuple):
        return "[" + " ".join(_texts(value, name)) + "]"
    if isinstance(value, Map):
        return (
            "{"
            + ", ".join(f"{_text(key, name)} {_text(item, name)}" for key, item in value.items)
            + "}"
        )
    if isinstance(value, List):
        return "(" + " ".join(_texts(value.items, name)) + ")"
    if isinstance(value, Set):
        return "#{" + " ".join(_texts(value.items, name)) + "}"
    if isinstance(value, Symbol):
        return name(value.name)
    if isinstance(value, Tagged):
        return f"#{name(value.tag)} {_text(value.value, name)}"
    if isinstance(value, Character):
        return "\\" + _character_name(value.value)
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value}M"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise ValueError(f"{value!r} cannot be written as EDN")


def _texts(values: Iterable[Any], name: Callable[[str], str]) -> list[str]:
    return [_text(value, name) for value in values]


def _name(name: str) -> str:
    if not _NAME.match(name) or name in _WORDS:
        raise ValueError(f"{name!r} cannot be a name in EDN")
    return name


def _string(value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + text.replace("\r", "\\r").replace("\t", "\\t") + '"'


def _float(value: float) -> str:
    if value != value:
        return "##NaN"
    if value in (float("inf"), float("-inf")):
        return "##Inf" if value > 0 else "##-Inf"
    return repr(value)


def _character_name(value: str) -> str:
    if value in _CHARACTER_NAMES:
        return _CHARACTER_NAMES[value]
    return value if value.isprintable() and not value.isspace() else f"u{ord(value):04x}"
