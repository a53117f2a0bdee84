"""Numbers and abbreviations in an English stretch."""

import re

from chorus_chattts.text.grammar import RUN, in_words, rewriter, span, spelled

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
_MONTHS += ["November", "December"]
_MONTH = "|".join(_MONTHS)
_SHORT_MONTH = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"

_TITLES = {"Mr": "Mister", "Mrs": "Missis", "Ms": "Miss", "Dr": "Doctor", "Prof": "Professor", "vs": "versus"}
_TITLES |= {"e.g": "for example", "i.e": "that is", "approx": "approximately"}
_ENDINGS = {"etc": "et cetera", "a.m": "AM", "p.m": "PM", "Jr": "Junior", "Sr": "Senior"}
_ENDINGS |= {"Inc": "Incorporated", "Ltd": "Limited", "Co": "Company", "Corp": "Corporation"}

_UNIT = "am|pm|AM|PM|hundred|thousand|million|billion|trillion|kg|g|mg|lbs?|oz|km/h|km|cm|mm|mi|ft|yd|h|min|ms|mph|ml"
_UNIT += "|kb|GB|MB|TB|kHz|MHz|GHz|Hz|Mbps|kW|kWh|[°º][CF]|℃|℉|%|[kc]?m²|m³"
_NUMBER = re.compile(
    rf"(?<![{RUN}])(?:[0-9]+ (?=[0-9]+/[0-9]))?"  # The 2 of 2 1/2.
    rf"[{RUN}]*[0-9](?:[{RUN}]*(?![.:'])[{RUN}])?"
    rf"(?: (?:{_UNIT})(?![A-Za-z0-9²³]))?"  # No other word: the grammar takes "1 May" for a milliampere and a y.
)


def _alternatives(abbreviations: dict[str, str]) -> str:
    return "|".join(re.escape(short) for short in abbreviations)


def _ordinal(day: str) -> str:
    suffix = "th" if day in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(day[-1], "th")
    return f"{day}{suffix}"


def _day(found: re.Match[str]) -> str:
    return f"the {_ordinal(found[1])} of "


def _decade(found: re.Match[str]) -> str:
    """1990s in words: the nineteen nineties."""
    return re.sub("y$", "ie", in_words(found[1], "en")) + "s"


def _month(found: re.Match[str]) -> str:
    return next(month for month in _MONTHS if month.startswith(found[1][:3])) + " "


_rewritten = rewriter(
    (rf"\b({_alternatives(_TITLES)})\.(?! *$)", lambda found: _TITLES[found[1]]),
    (rf"\b({_alternatives(_ENDINGS)})\.(?= ?[a-z,;:])", lambda found: _ENDINGS[found[1]]),
    (rf"\b({_alternatives(_ENDINGS)})\.", lambda found: f"{_ENDINGS[found[1]]}."),
    (r"\b(?:[A-Z]\.){2,}", lambda found: found[0].replace(".", "")),
    (r"\b[Nn]o\. ?(?=[0-9])", "number "),
    (rf"\b({_SHORT_MONTH})\.? (?=[0-9])", _month),
    (rf"\b({_MONTH}) ([0-9]{{1,2}})\b(?![:.\-/][0-9]|%)", lambda found: f"{found[1]} {_ordinal(found[2])}"),
    (rf"(?:\bthe )?\b([0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? (?=(?:{_MONTH})\b)", _day),
    (r"\b([0-9]{4})s\b", _decade),
    (r"\b([2-9][0-9]{2})-(?![0-9]{2}00)([0-9]{4})\b", lambda found: f"{' '.join(found[1])}, {' '.join(found[2])}"),
    (r"(?<![0-9/])24/7(?![0-9/])", "24 7"),
    span(" to "),
    (r"(?<=[0-9]) ?[*×xX] ?(?=[0-9])", " times "),
    (r"￥ ?([0-9][0-9.]*)", r"\1 yuan"),
    (r"(?<![$€£0-9.])([0-9.]+) ?m/s\b", r"\1 meters per second"),
    (r"(?<![$€£0-9.])([0-9.]+) ?m\b(?!/)", r"\1 meters"),
    (r"(?<![$€£0-9.])([0-9]+\.[0-9]+)([A-Z])\b", r"\1 \2"),
    (r"(?<=[0-9])\^(?=[0-9])", " to the power of "),
    (r"\$([0-9.]+)k\b", r"\1 thousand dollars"),
    (r"(?<=[0-9])k\b", " thousand"),
    (r"(?<=[0-9])'(?=[0-9])", " "),
    (r"(?<=[0-9])/(?=[A-Za-z]{3})", " per "),
    (r"(?<![0-9.])([0-9.]+)‰", r"\1 per mille"),
    (r"<(?= ?-?[0-9])", " less than "),
    (r">(?= ?-?[0-9])", " more than "),
    (r"~(?=[0-9])", "about "),
)


def read(text: str) -> str:
    """The stretch with its numbers and abbreviations in English words."""
    return spelled(_NUMBER.sub(lambda number: in_words(number[0], "en"), _rewritten(text)), "en")
