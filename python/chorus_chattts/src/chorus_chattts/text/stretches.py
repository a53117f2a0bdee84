"""Which language each part of a mixed text is read in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from chorus_chattts.text.alphabet import HAN, RUN
from chorus_chattts.text.shapes import UNIT, any_of
from chorus_chattts.text.tongue import Language
from chorus_chattts.text.units import CURRENCIES, POWERS

_WRITTEN = rf"(?=[{RUN}]*?[0-9])(?![0-9]+(?:st|nd|rd|th)(?![{RUN}]))[{RUN}]+"
_BETWEEN = r",(?=[0-9]{3}(?![0-9]))| ?[-+×÷*/=≈≠~xX] | ?[ (]\(?|\) ?-?"
_BEFORE = rf"(?:{any_of(CURRENCIES)}) (?=[0-9])"
_BEHIND = rf"{UNIT}(?![{RUN}])| (?:{any_of([*POWERS, 'am', 'pm', 'AM', 'PM', 'a.m.', 'p.m.'])})(?![{RUN}])"
_PIECE = re.compile(
    rf"(?P<token>\[\w+\])"
    rf"|(?P<zh>[{HAN}]+)"
    # In one piece with what belongs to it: +1 (555) 123 4567, 2 + 2, 3 kg; also the /kg of 8元/kg.
    rf"|(?P<number>(?:{_BEFORE})?{_WRITTEN}(?:(?:{_BETWEEN})(?=[0-9])[{RUN}]+)*(?:{_BEHIND})?|(?<=[{HAN}])/{UNIT}(?![{RUN}]))"
    rf"|(?P<en>(?=[{RUN}]*?[A-Za-z])[{RUN}]+)"
    rf"|(?P<other>[{RUN}]+|.)",  # A run of signs in one piece: one by one, each would look through the rest of it.
    re.DOTALL,
)


@dataclass(frozen=True)
class Stretch:
    """A part of a text in one language, or a control token."""

    start: int
    end: int
    language: Language | None
    """None for a control token."""


def stretches(text: str) -> Iterator[Stretch]:
    """The parts of a text that `scan` has made; together they are the text.

    Words have the language of their script. A number, with the letters it is written with (3kg, MP3), has that of the
    nearest word, and Chinese when two are as near: mixed texts are mostly Chinese ones with English words. Beside
    Chinese an abbreviation (ISBN, QQ) is no English word. Without any word, letters make it English. Marks and spaces
    belong to what is before them, or to the first word.
    """
    pieces = list(_PIECE.finditer(text))
    words = [piece for piece in pieces if piece.lastgroup in ("zh", "en")]
    if any(word.lastgroup == "zh" for word in words):
        deciding = [word for word in words if not re.fullmatch("[A-Z]+[.:]*", word[0])]
    else:
        deciding = words
    languages: list[Language | None] = []
    alone: Language = "en" if re.search("[A-Za-z]", re.sub(r"\[\w+\]", "", text)) else "zh"
    current = _language(words[0]) if words else alone
    coming = 0  # The first of `deciding` that is not before the piece.
    for piece in pieces:
        while coming < len(deciding) and deciding[coming].start() < piece.start():
            coming += 1
        if piece.lastgroup == "number":
            current = _nearest(piece, deciding[max(coming - 1, 0) : coming + 1]) if deciding else alone
        elif piece.lastgroup in ("zh", "en"):
            current = _language(piece)
        languages.append(None if piece.lastgroup == "token" else current)
    for language, group in groupby(zip(pieces, languages, strict=True), key=lambda item: item[1]):
        alike = [piece for piece, _ in group]
        yield Stretch(alike[0].start(), alike[-1].end(), language)


def _language(word: re.Match[str]) -> Language:
    return "zh" if word.lastgroup == "zh" else "en"


def _nearest(number: re.Match[str], words: list[re.Match[str]]) -> Language:
    """The language of the nearer of the words beside a number."""

    def distance(word: re.Match[str]) -> tuple[int, bool]:
        gap = max(word.start() - number.end(), number.start() - word.end())
        return gap, _language(word) == "en"

    return _language(min(words, key=distance))
