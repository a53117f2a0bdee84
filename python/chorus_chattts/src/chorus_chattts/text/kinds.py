"""The kinds of numbers that texts have, in one table, the more special before the more general."""

from chorus_chattts.text.amounts import QUANTITIES, SCORES, SPANS, SUMS
from chorus_chattts.text.codes import LABELLED, SERIALS, TELEPHONES
from chorus_chattts.text.dates import DATES, TIMES
from chorus_chattts.text.reader import Kind
from chorus_chattts.text.shapes import MONTH, YEAR, any_of, full_month

_TITLES = {"Mr": "Mister", "Mrs": "Missis", "Ms": "Miss", "Dr": "Doctor", "Prof": "Professor", "vs": "versus"}
_TITLES |= {"e.g": "for example", "i.e": "that is", "approx": "approximately"}
_ENDINGS = {"etc": "et cetera", "a.m": "AM", "p.m": "PM", "Jr": "Junior", "Sr": "Senior"}
_ENDINGS |= {"Inc": "Incorporated", "Ltd": "Limited", "Co": "Company", "Corp": "Corporation"}


_ABBREVIATIONS = (
    Kind("scheme", "https?://", lambda _, __: ""),
    Kind("title", rf"({any_of(_TITLES)})\.(?! *$)", lambda _, found: _TITLES[found[1]], only="en"),
    Kind("ending", rf"({any_of(_ENDINGS)})\.(?= ?[a-z,;:])", lambda _, found: _ENDINGS[found[1]], only="en"),
    Kind("ending", rf"({any_of(_ENDINGS)})\.", lambda _, found: f"{_ENDINGS[found[1]]}.", only="en"),
    Kind("initials", r"(?:[A-Z]\.){2,8}", lambda _, found: found[0].replace(".", ""), only="en"),
    Kind("month", rf"({MONTH}) (?={YEAR}(?![0-9]))", lambda _, found: f"{full_month(found[1])} ", only="en"),
)

KINDS = (
    *_ABBREVIATIONS,
    *LABELLED,
    *DATES,
    *TELEPHONES,
    *SERIALS,
    *SPANS,
    *SCORES,
    *TIMES,
    *SUMS,
    *QUANTITIES,
)
"""How each is written, and what a language is asked to say for it. The last takes any digits, so that none is left."""
