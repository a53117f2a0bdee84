"""Numbers in words, by WeTextProcessing (https://github.com/wenet-e2e/WeTextProcessing).

Its grammars are run on the numbers alone, with the unit that follows, and not on whole sentences: there they also drop
interjections (啊), simplify characters and take "Sun" for Sunday.
"""

import logging
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeAlias

from chorus_chattts.text.alphabet import QUANTITIES, SIGNS

Language: TypeAlias = Literal["zh", "en"]
Rule: TypeAlias = tuple[str, str | Callable[[re.Match[str]], str]]

WINDOW = 64
"""The most characters that a grammar is given at once, as each costs it milliseconds. Longer ones are spelled."""

NAMED_DIGITS = 12
"""The digits of the longest number with a name. Longer ones are spelled, as serial numbers are."""

RUN = re.escape(SIGNS + QUANTITIES) + "A-Za-z0-9.:"
"""What a number and its unit are written with, as the inside of a character class."""

_DIGITS = {
    "zh": [*"零一二三四五六七八九"],
    "en": [" zero ", " one ", " two ", " three ", " four ", " five ", " six ", " seven ", " eight ", " nine "],
}
_SERIAL = re.compile(rf"[0-9]{{{NAMED_DIGITS + 1},}}")


def warm() -> None:
    """Loads both grammars: about 2 s and 85 MiB, once in a process, and shared by the processes forked from it."""
    _grammar("zh")
    _grammar("en")


def in_words(number: str, language: Language) -> str:
    """A number with its signs and unit, as one says it; an odd one may keep digits, which `spelled` reads."""
    number = _SERIAL.sub(lambda serial: spelled(serial[0], language), number)
    if len(number) <= WINDOW:
        return _read(number, language)
    parts = number.split()
    return number if len(parts) == 1 else " ".join(in_words(part, language) for part in parts)


def spelled(text: str, language: Language) -> str:
    """The text with each of its digits in words."""
    return re.sub("[0-9]", lambda digit: _DIGITS[language][int(digit[0])], text)


def rewriter(*rules: Rule) -> Callable[[str], str]:
    """A function that applies the rules (regular expression, replacement), one after another."""
    compiled = [(re.compile(pattern), replacement) for pattern, replacement in rules]

    def rewrite(text: str) -> str:
        for pattern, replacement in compiled:
            text = pattern.sub(replacement, text)
        return text

    return rewrite


def span(between: str) -> Rule:
    """The rule that says `between` in 3-5 and 3~5, but neither in a date, a time or a telephone number, nor in 5-3."""
    number = r"(?!0[0-9])[0-9]{1,9}(?:\.[0-9]{1,9})?%?"
    pattern = rf"(?<![0-9.\-/:])({number})([-~—])({number})(?![0-9.\-/:]*[0-9])"

    def replace(found: re.Match[str]) -> str:
        low, sign, high = found.groups()
        rises = float(low.rstrip("%")) < float(high.rstrip("%"))
        return f"{low}{between}{high}" if rises or sign != "-" else found[0]

    return pattern, replace


def _read(number: str, language: Language) -> str:
    try:
        return str(_grammar(language).normalize(number))
    except Exception:  # Its libraries raise many kinds; whatever it was, digits can be spelled.
        logging.getLogger(__name__).debug("no reading for %r", number, exc_info=True)
        return number


@cache
def _grammar(language: Language) -> Any:
    logger = logging.getLogger("wetext")
    logger.addHandler(logging.NullHandler())  # Without a handler of ours it installs its own, and greets.
    logger.setLevel(logging.WARNING)
    if language == "zh":
        from tn.chinese.normalizer import Normalizer
    else:
        from tn.english.normalizer import Normalizer
    return Normalizer()
