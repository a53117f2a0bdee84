"""Days, years and times of day."""

import re

from chorus_chattts.text.reader import Found, Kind, says
from chorus_chattts.text.shapes import END, LONE, MONTH, TO, YEAR, full_month
from chorus_chattts.text.tongue import Tongue

_MONTH_NUMBER = "(?:1[0-2]|0?[1-9])"
_DAY_NUMBER = "(?:3[01]|[12][0-9]|0?[1-9])"
_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm](?:\.(?! *$)|(?![A-Za-z])))"
_TIME = r"(?P<hour>2[0-4]|[01]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?(?![0-9]|:[0-9])"

_WHEN = "[在于自从至到]|截止"
"""Before a round year. Without it 1800年 is as many years, as it is in 一共1800年."""
_THEN = "[春夏秋冬初末底]|出生|诞生|去世|逝世|成立|创立|建[成立造]|爆发|发生|即位|登基"
"""Behind a round year."""
_NOT_AS_MANY_AS = "(?<![活过等用花历]了)(?<![共约近达满超])(?<!超过)(?<!经过)(?<!历经)"
"""Not before 1900 and 2000, which are years otherwise."""


def _say_clock(tongue: Tongue, found: Found) -> str | None:
    half = f"{found['half'].upper()}M" if found["half"] else ""
    return tongue.clock(found["hour"], found["minute"], found["second"], half)


def _say_hour(tongue: Tongue, found: Found) -> str | None:
    return tongue.clock(found["hour"], "", None, f"{found['half'].upper()}M") if 0 < int(found["hour"]) <= 12 else None


def _say_date(tongue: Tongue, found: Found) -> str | None:
    """Of 12/25/2024 the month comes first, and of 25/12/2024 it cannot. 25/31/2024 is no day."""
    year, month, day = found["year"], found["month"], found["day"]
    if int(month) > 12:
        month, day = day, month
    if int(month) > 12:
        return None
    if len(year) == 2:
        year = f"{'20' if year < '50' else '19'}{year}"
    words = tongue.date(year, month, day)
    return words if tongue.language == "zh" or not found["then"] else f"{words}, "


def _say_month_day(tongue: Tongue, found: Found) -> str:
    """May 5th to 7th, 2024."""
    month, day, last, year = found["month"], found["day"], found["last"], found["year"]
    words = f"{full_month(month)} {tongue.ordinal(day)}" + (f" to {tongue.ordinal(last)}" if last else "")
    return words + (f", {tongue.year(year)}" if year else "")


def _say_day_month(tongue: Tongue, found: Found) -> str:
    the = "" if re.search(r"\b[Tt]he $", found.string[: found.start()][-4:]) else "the "
    year = f" {tongue.year(found['year'])}" if found["year"] else ""
    return f"{the}{tongue.ordinal(found['day'])} of {full_month(found['month'])}{year}"


DATES = (
    Kind(
        "date",
        rf"(?P<year>{YEAR})(?P<s>[-/.])(?P<month>{_MONTH_NUMBER})(?P=s)(?P<day>{_DAY_NUMBER})(?![0-9])"
        r"(?P<then>(?:T| )(?=[0-9]))?",
        _say_date,
    ),
    Kind(
        "date",
        rf"(?P<month>{_DAY_NUMBER})(?P<s>[/.])(?P<day>{_DAY_NUMBER})(?P=s)(?P<year>{YEAR})(?![0-9])"
        r"(?P<then> (?=[0-9]))?",
        _say_date,
    ),
    Kind(
        "date",
        rf"{LONE}(?<!/)(?P<month>{_DAY_NUMBER})/(?P<day>{_DAY_NUMBER})/(?P<year>[0-9]{{2}})"
        r"(?![0-9A-Za-z/%]|[.:-][0-9]| ?[=+×÷*≈≠<>])(?P<then> (?=[0-9]))?",
        _say_date,
    ),
    Kind(
        "month of a year",
        rf"(?P<year>{YEAR})(?:[-/](?=0)|/(?=1))(?P<month>0[1-9]|1[0-2]){END}",
        lambda tongue, found: tongue.date(found["year"], found["month"], None),
    ),
    Kind(
        "day of a month",
        rf"(?P<month>{MONTH}) (?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?(?:{TO}(?P<last>{_DAY_NUMBER})(?:st|nd|rd|th)?)?"
        rf"(?![0-9:/%]|[.-][0-9])(?:,? (?P<year>{YEAR})(?![0-9]))?",
        _say_month_day,
        only="en",
    ),
    Kind(
        "day of a month",
        rf"(?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})(?![A-Za-z])"
        rf"(?:,? (?P<year>{YEAR})(?![0-9]))?",
        _say_day_month,
        only="en",
    ),
    Kind(
        "years",
        rf"({YEAR}){TO}({YEAR})(?=年|学年|赛季|财年)",
        lambda t, found: t.year(found[1]) + t.to + t.year(found[2]),
    ),
    Kind("year", rf"(1[0-8]00)(?=年(?:代|[0-9]{{1,2}}月|{_THEN}))", says(1, "year"), only="zh"),
    Kind("year", r"(1[0-8]00)(?=年[,，])", says(1, "year"), r"(?:^|[。.!?\n])\Z", "zh"),
    Kind("year", r"(1[0-8]00)(?=年(?!的?历史|前(?!后)|来))", says(1, "year"), rf"(?:公元前?|{_WHEN})\Z", "zh"),
    Kind("year", r"(1900|2000)(?=年(?!的?历史|前(?!后)|来))", says(1, "year"), rf"{_NOT_AS_MANY_AS}\Z", "zh"),
    Kind("year", rf"((?!1[0-9]00|2000){YEAR})(?=年(?!的?历史))", says(1, "year"), only="zh"),
    Kind(
        "year",
        r"([5-9][0-9])(?=年(?!代|级|以|内|前|后|来|间|的|历))|([0-9]{2})(?=年[0-9]{1,2}月)",
        says(0, "year"),
        only="zh",
    ),
    Kind("generation", r"([5-9][05]|[01][05])(?=后(?:[^来面天退续]|$))", says(1, "year"), only="zh"),
    Kind("month", r"0?([0-9]{1,2})(?=月)", says(1, "cardinal"), only="zh"),
    Kind("day", r"0?([0-9]{1,2})(?=[日号])", says(1, "cardinal"), only="zh"),
    Kind("decade", r"'?(?P<year>(?:1[5-9]|20)[0-9]0)s(?![A-Za-z])", says("year", "decade")),
    Kind("decade", r"'(?P<year>[2-9]0)s(?![A-Za-z])", says("year", "decade")),
    Kind(
        "decade",
        r"(?P<year>[2-9]0)s(?![A-Za-z])",
        says("year", "decade"),
        r"\b(?:[Hh]is|[Hh]er|[Mm]y|[Tt]heir|[Yy]our|[Oo]ur|[Tt]he|mid|early|late)[ -]\Z",
        "en",
    ),
    Kind(
        "decade",
        r"(?P<year>[2-9]0)s"
        r"(?= (?:music|songs?|hits?|pop|rock|disco|movies?|films?|fashion|styles?|parties|party|kids?)\b)",
        says("year", "decade"),
        only="en",
    ),
    Kind(
        "years",
        rf"({YEAR}){TO}({YEAR}|[0-9]{{2}})(?![0-9A-Za-z]|[-/.:][0-9])",
        lambda t, found: t.year(found[1]) + t.to + (t.year(found[2]) if len(found[2]) == 4 else t.number(found[2])),
        only="en",
    ),
)

TIMES = (
    Kind("time", rf"(?:{LONE}|(?<=[0-9]T)){_TIME}{_HALF}?", _say_clock),
    Kind("hour", rf"{LONE}(?P<hour>[0-9]{{1,2}}){_HALF}", _say_hour),
)
