"""How a text is read: once, from its beginning to its end, by a table of kinds.

Where something may begin, the kinds are tried in the order of the table, and the first that fits takes what it matches:
nothing that one kind has taken or said is seen by another.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from chorus_chattts.text.tongue import Language, Tongue

Found: TypeAlias = re.Match[str]

CONTEXT = 24
"""The characters before a number that may say what it is: `after` of a kind sees no more."""


class Kind(NamedTuple):
    """A way to write a number, or something that only means something beside one."""

    name: str
    shape: str
    """A regular expression of all its characters. Repetitions are bounded, so that the time is linear in the text."""
    say: Callable[[Tongue, Found], str | None]
    """The words; None: on a closer look it is something else."""
    after: str = ""
    """A regular expression of what must stand before it."""
    only: Language | None = None


def says(group: str | int, method: str) -> Callable[[Tongue, Found], str]:
    """Asks the language for the words of a group of what was found."""
    return lambda tongue, found: str(getattr(tongue, method)(found[group]))


class Reader:
    """Reads texts of one language."""

    def __init__(self, tongue: Tongue, kinds: Iterable[Kind]) -> None:
        """The more special kinds come before the more general."""
        self._tongue = tongue
        self._kinds = [
            (kind, re.compile(kind.shape), re.compile(kind.after) if kind.after else None)
            for kind in kinds
            if kind.only in (None, tongue.language)
        ]

    def read(self, text: str, start: int, end: int) -> str:
        """The part of a text from `start` to `end` with its numbers in words; what is around it is seen and not read.

        Where letters would meet there is a space: 5G is "five G".
        """
        parts: list[str] = []
        before = ""
        for _, words in self.pieces(text, start, end):
            if _is_latin(before) and _is_latin(words[:1]):
                parts.append(" ")
            parts.append(words)
            before = words[-1:] or before
        return "".join(parts)

    def pieces(self, text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
        """What `read` says, piece by piece, each with the name of its kind; empty for what is of no kind."""
        while (begin := _BEGIN.search(text, start, end)) is not None:
            yield "", text[start : begin.start()]
            start, name, words = self._piece(text, begin.start(), end)
            yield name, words
        yield "", text[start:end]

    def _piece(self, text: str, start: int, end: int) -> tuple[int, str, str]:
        """Where what begins at `start` ends, the name of its kind, and its words."""
        for kind, shape, after in self._kinds:
            found = shape.match(text, start, end)
            if found and (after is None or after.search(text, max(0, start - CONTEXT), start)):
                words = kind.say(self._tongue, found)
                if words is not None:
                    return found.end(), kind.name, words
        word = _WORD.match(text, start, end)
        assert word
        return word.end(), "", word[0]


_BEGIN = re.compile(
    r"[0-9]|(?<=[0-9]) (?=[0-9])"
    r"|[-~—+±×÷*=<>≤≥≈≠^/#:'(.$€£¥￥]|(?<![A-Za-z])[A-Za-z](?=[A-Za-z]{0,14}(?:[.:]| ?[0-9$€£¥￥]))"
)
"""Where one of them may begin: at a digit, at a sign, and at a word with a point or a number behind it."""

_WORD = re.compile("[A-Za-z]+|.", re.DOTALL)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
