"""Numbers that count and measure: sums, fractions, ratios, spans, quantities."""

import re

from chorus_chattts.text.alphabet import HAN
from chorus_chattts.text.codes import say_code
from chorus_chattts.text.reader import Found, Kind, says
from chorus_chattts.text.shapes import END, INT, LONE, NUMBER, TO, UNIT, any_of
from chorus_chattts.text.tongue import Quantity, Tongue
from chorus_chattts.text.units import CURRENCIES, POWERS, UNITS

_CURRENCY = rf"(?:{any_of(CURRENCIES)})"
_CODE = rf"(?:{any_of(code for code in CURRENCIES if code.isalpha())})(?![A-Za-z])"
_SCALE = rf"(?:[kKBT]| ?(?:m|M|bn|{'|'.join(POWERS)}))(?![A-Za-z0-9])|[万亿千百]{{1,2}}"
_SCORED = (
    r"(?:比分|战胜|击败|大胜|险胜|战平|不敌|输给|领先|[Ss]core|\bwon|\blost|\bbeat|\blead|\bled|\bwins?)"
    r"[^0-9。.]{0,12}\Z"
)
_RATED = r"(?:比例尺?|之比|配比|比率|概率|赔率|[Rr]atio|[Oo]dds|[Aa]spect)[^0-9。.]{0,6}\Z"

_SIGN_BEFORE = r"(?:(?<![0-9A-Za-z)])[-+]|±)"
_NAMES = {
    "24/7": ("七天二十四小时", "twenty four seven"),
    "9/11": ("九一一", "nine eleven"),
    "50/50": ("五五开", "fifty fifty"),
    "24-7": ("七天二十四小时", "twenty four seven"),
    "50-50": ("五五开", "fifty fifty"),
}


def _quantity(at: str) -> str:
    """A sum of money, or a number that may have a unit: what money has behind it is no unit, "$50 min deposit"."""
    return (
        rf"(?P<sign{at}>{_SIGN_BEFORE}?)(?:(?P<cur{at}>{_CURRENCY}) ?)?(?P<late{at}>-?)(?P<num{at}>{NUMBER})"
        rf"(?(cur{at})(?P<scale{at}>{_SCALE})?|(?: ?(?P<code{at}>{_CODE})|(?P<unit{at}>{UNIT}))?)"
    )


def _of(found: Found, at: str = "") -> Quantity | None:
    """The quantity that `_quantity(at)` found; None if its parts do not belong together."""
    sign, currency, late, scale = (found[f"{name}{at}"] or "" for name in ("sign", "cur", "late", "scale"))
    if late and (not currency or sign.strip()):
        return None
    return Quantity(
        found[f"num{at}"],
        sign.strip() or late,
        currency or found[f"code{at}"] or "",
        scale.strip(),
        (found[f"unit{at}"] or "").strip(),
        found.string[found.end() : found.end() + 4],
    )


def _say_quantity(tongue: Tongue, found: Found) -> str | None:
    quantity = _of(found)
    return tongue.quantity(quantity) if quantity else None


def _say_span(tongue: Tongue, found: Found) -> str | None:
    low, high = _of(found, "1"), _of(found, "2")
    if not low or not high:
        return None
    lowest, highest = (float(each.sign.replace("±", "") + each.number.replace(",", "")) for each in (low, high))
    falls = lowest >= highest and not low.unit and not low.currency
    if tongue.language == "zh" and found["to"] == "-" and falls:
        return tongue.quantity(low) + tongue.signs["subtract"] + tongue.quantity(high)
    return tongue.span(low, high)


_TERM = rf"[-+±]?{NUMBER}(?:\^[-+]?{NUMBER}|[²³])?%?(?:[a-cnx-z](?![A-Za-z0-9]))?"
_OPERATOR = "<=|>=|==|[-+×÷*/=≈≠<>≤≥xX]"
_sum_part = re.compile(
    rf"(?P<above>[0-9]{{1,9}})/(?P<below>[0-9]{{1,9}})(?![0-9./])"
    rf"|(?P<sign>(?:(?<=[-+×÷*/=≈≠<>≤≥xX])|(?<=[-+×÷*/=≈≠<>≤≥] )|^)[-+±])?(?P<number>{NUMBER})"
    rf"(?:\^(?P<power>[-+]?{NUMBER})|(?P<square>[²³]))?(?P<percent>%)?(?P<letter>[a-cnx-z](?![A-Za-z0-9]))?"
    rf"|(?P<operator>{_OPERATOR})| "
)
_OPERATORS = {"+": "add", "-": "subtract"}


def _say_sum(tongue: Tongue, found: Found) -> str | None:
    """3-5=-2. Only what cannot be a span, a date or a score: it has another operator than - and /."""
    written = found["sum"]
    if not re.search(r"[+×÷*=≈≠<>≤≥xX]", written[1:]) and not _falls(written):
        return None
    parts = list(_sum_part.finditer(written))
    words = [_sum_words(tongue, part) for part in parts]
    unit = (found["unit"] or "").strip()
    if unit:
        last = _sum_part.fullmatch(written, parts[-1].start())
        if not last or not last["number"] or last["power"] or last["percent"]:
            return None
        words[-1] = tongue.quantity(Quantity(last["number"], last["sign"] or "", unit=unit))
    return "".join(words)


def _falls(written: str) -> bool:
    """10 - 3, with spaces, is no span."""
    two = re.match(rf"({NUMBER}) - ({NUMBER})", written)
    return two is not None and float(two[1].replace(",", "")) > float(two[2].replace(",", ""))


def _sum_words(tongue: Tongue, part: Found) -> str:
    if part["above"]:
        if int(part["above"]) < int(part["below"]):
            return tongue.fraction(None, part["above"], part["below"])
        return tongue.number(part["above"]) + tongue.signs["/"] + tongue.number(part["below"])
    if part["operator"]:
        return tongue.signs[_OPERATORS.get(part["operator"], part["operator"])]
    if not part["number"]:
        return ""
    unit = part["percent"] or ""
    words = tongue.quantity(Quantity(part["number"], part["sign"] or "", unit=unit))
    words += tongue.power(part["power"]) if part["power"] else part["square"] or ""
    return words + (f" {part['letter']}" if part["letter"] else "")


def _say_fraction(tongue: Tongue, found: Found) -> str:
    """12/25 and 5/1 are days: as fractions they would be cancelled, or none."""
    whole, above, below = found["whole"], found["above"], found["below"]
    unit = (found["unit"] or "").strip()
    if not whole and not unit and _is_day(int(above), int(below), below):
        return tongue.date(None, above, below)
    words = tongue.fraction(whole and whole.strip(), above, below)
    if unit:
        name = UNITS[unit]
        words += name[0] if tongue.language == "zh" else f" {name[2] if whole else name[1]}"
    return words


def _is_day(month: int, day: int, written: str) -> bool:
    if not (1 <= month <= 12 and 1 <= day <= 31 and len(written) <= 2):
        return False
    return month >= day or (month > 1 and day > 10 and day not in (12, 16, 20))


def _say_ratio(tongue: Tongue, found: Found) -> str:
    return tongue.against.join(tongue.number(part) for part in re.findall(NUMBER, found[0]))


def _say_scientific(tongue: Tongue, found: Found) -> str:
    return tongue.number(found["number"]) + tongue.signs["×"] + tongue.number("10") + tongue.power(found["power"])


def _say_each(tongue: Tongue, found: Found) -> str:
    name, one, _ = UNITS[found["unit"].strip()]
    return f"每{name}" if tongue.language == "zh" else f" per {one}"


def _sign(tongue: Tongue, found: Found) -> str:
    return tongue.signs[found[0].strip()]


SCORES = (
    Kind("score", r"([0-9]{1,3}) ?[-:~—] ?([0-9]{1,3})(?![0-9]|[.:/-][0-9])", _say_ratio, _SCORED),
    Kind(
        "score",
        r"([0-9]{1,3}) ?[-:] ?([0-9]{1,3})(?=.{0,3}(?:战胜|击败|大胜|险胜|战平|领先|落后|的比分))",
        _say_ratio,
        r"以\Z",
        "zh",
    ),
    Kind("ratio", rf"{NUMBER}(?: ?: ?{NUMBER}){{1,3}}{END}", _say_ratio, _RATED),
)

SPANS = (
    Kind("gap", " ", lambda _, __: "，", r"[0-9]\Z", "zh"),
    Kind(
        "to",
        rf" ?{TO} ?(?=第?[0-9]|[上下中]午|晚|凌晨|次日|周|星期)",
        lambda t, _: t.to,
        rf"(?:[0-9]|[AP]M|[ap]\.?m\.?|[%℃°]|[0-9][{HAN}]{{1,2}}) ?\Z",
    ),
)

SUMS = (
    Kind("ratio", rf"{NUMBER}(?: ?: ?{NUMBER}){{1,3}}{END}", _say_ratio),
    Kind("name", rf"(?:{any_of(_NAMES)})(?![0-9/])", lambda t, found: _NAMES[found[0]][t.language == "en"]),
    Kind("scientific", rf"(?P<number>{NUMBER})[eE](?P<power>[-+]?[0-9]{{1,3}})(?![0-9A-Za-z.])", _say_scientific),
    Kind(
        "resolution",
        rf"{LONE}([0-9]{{3,4}}) ?[x×*] ?([0-9]{{3,4}}){END}(?! ?=)",
        lambda t, found: f"{t.label(found[1])} by {t.label(found[2])}",
        only="en",
    ),
    Kind(
        "minus",
        r"-(?= ?[0-9][0-9A-Za-z.]{0,12}(?:[-+*/×÷][0-9A-Za-z.]{1,12}){0,8}\)? ?[=≈≠])",
        lambda t, _: t.signs["subtract"],
        r"[0-9A-Za-z)] ?\Z",
    ),
    Kind("sum", rf"(?P<sum>{_TERM}(?: ?(?:{_OPERATOR}) ?{_TERM}){{1,16}})(?P<unit>{UNIT})?", _say_sum),
    Kind(
        "fraction",
        rf"(?<![0-9]/)(?P<whole>[0-9]{{1,9}} )?(?P<above>[0-9]{{1,9}})/(?P<below>[0-9]{{1,9}})"
        rf"(?![0-9/]|\.[0-9])(?P<unit>{UNIT})?",
        _say_fraction,
    ),
    Kind(
        "power",
        rf"(?P<number>{_SIGN_BEFORE}?{NUMBER})\^(?P<power>[-+]?{NUMBER})",
        lambda t, found: t.signed(found["number"]) + t.power(found["power"]),
    ),
    Kind("power", rf"\^([-+]?{NUMBER})", says(1, "power")),
    Kind("plus", rf"\+(?=[{HAN}])", lambda _, __: "多", r"[0-9]\Z", "zh"),
    Kind(
        "operator",
        r"(?:[+×÷*=]) ?(?=[-+]?[0-9(])",
        lambda t, found: t.signs[_OPERATORS.get(found[0].strip(), found[0].strip())],
        r"[0-9A-Za-z)%²³] ?\Z",
    ),
    Kind("comparison", r"[~≈] ?(?=[0-9])", lambda _, __: "", r"(?:约|[Aa]bout|[Aa]round) ?\Z"),
    Kind("comparison", r"(?:<=|>=|==|[<>≤≥≈=≠~±]) ?(?=[-+]?(?:[$€£¥￥]|US\$)? ?[0-9])", _sign),
)

QUANTITIES = (
    Kind("ordinal", rf"({INT})(?:st|nd|rd|th)(?![A-Za-z0-9])", says(1, "ordinal"), only="en"),
    Kind("number sign", r"[Nn]o\. ?(?=[0-9])", lambda t, _: "第" if t.language == "zh" else "number "),
    Kind("number sign", r"#(?=[0-9])", lambda _, __: "number ", r"(?<![0-9A-Za-z])\Z", "en"),
    Kind("height", r"([0-9])'([0-9]{1,2})(?![0-9'])", lambda t, found: t.feet(found[1], found[2])),
    Kind("arc", r"'", lambda _, __: "分", r"[°度][0-9]{1,2}\Z", "zh"),
    Kind("model", r"(?P<hyphen>[-.]?)(?P<digits>[0-9]+(?:\.[0-9]+)?)", say_code, r"[A-Za-z]\Z"),
    Kind("serial", r"0[0-9]+(?!\.[0-9])(?![0-9])", says(0, "digits")),
    Kind("after an ordinal", INT, says(0, "number"), r"第\Z", "zh"),
    Kind("tenths", "[0-9]{2}(?![0-9.])", says(0, "digits"), r"[0-9][米块]\Z", "zh"),
    Kind("span", rf"{_quantity('1')} ?(?P<to>{TO}) ?{_quantity('2')}{END}", _say_span),
    Kind("product", rf"{NUMBER}(?=[a-z]\b)", says(0, "number"), r"[a-z][A-Z][A-Za-z]* ?\Z"),
    Kind(
        "year",
        rf"(19[0-9]{{2}}|20[0-9]{{2}}){END}(?! ?[%°])(?!{UNIT})",
        says(1, "year"),
        r"(?<![$€£¥￥0-9.,'-])\Z",
        "en",
    ),
    Kind(
        "year",
        rf"(1[1-9][0-9]{{2}}){END}(?! ?(?:%|°))",
        says(1, "year"),
        r"\b(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Bb]efore|[Aa]fter|[Yy]ear|of)\ \Z",
        "en",
    ),
    Kind("thousands", rf"({NUMBER})k(?![A-Za-z0-9])", lambda t, found: t.number(found[1]) + " thousand", only="en"),
    Kind("each", rf"/(?P<unit>{UNIT})", _say_each, rf"[0-9](?:[kKmMB]|{UNIT}|[{HAN}]{{1,2}})?\Z"),
    Kind("each", rf"/(?=[{HAN}])", lambda _, __: "每", rf"[0-9](?:{UNIT}|[{HAN}]{{1,2}})?\Z", "zh"),
    Kind("each", r"/(?=[A-Za-z]{3})", lambda _, __: " per ", r"[0-9.](?:[kKmMB]| ?[a-z]{1,12})?\Z", "en"),
    Kind("quantity", _quantity(""), _say_quantity),
)
