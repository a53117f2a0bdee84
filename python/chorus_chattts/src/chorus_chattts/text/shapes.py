"""Pieces of the regular expressions that several kinds of numbers are written in."""

import re
from collections.abc import Iterable

from chorus_chattts.text.units import UNITS


def any_of(words: Iterable[str]) -> str:
    """One of the words, the longest that fits."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


INT = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])(?!,[0-9])|[0-9]+)"
NUMBER = rf"(?:{INT}(?:\.[0-9]+)?|(?<![0-9A-Za-z])\.[0-9]+)"
END = r"(?![0-9]|[.,:/-][0-9])"
"""No more digits, and nothing that would make them part of something larger."""
TO = "[-~—]"
LONE = r"(?<![0-9A-Za-z.])"
UNIT = rf"(?: ?(?:{any_of(UNITS)})(?![A-Za-z0-9²³]))"
YEAR = "(?:1[0-9]{3}|20[0-9]{2})"

MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
MONTH = rf"(?:{'|'.join(MONTHS)}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"


def full_month(written: str) -> str:
    """The name of a month that may be abbreviated."""
    return next(month for month in MONTHS if month.startswith(written[:3]))
