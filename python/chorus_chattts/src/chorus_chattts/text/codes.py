"""Numbers that are names: of telephones, books, cards, rooms, lines, machines."""

import re

from chorus_chattts.text.alphabet import HAN
from chorus_chattts.text.reader import Found, Kind, says
from chorus_chattts.text.shapes import LONE
from chorus_chattts.text.tongue import Tongue

_CALLED = (
    "(?:电话|手机|座机|热线|专线|客服|传真|拨打|拨|致电|号码|联系方式|打"
    "|(?<![A-Za-z])(?:[Tt]el|TEL|[Pp]hone|[Cc]all|[Dd]ial|[Ff]ax|[Tt]ext))"
    r"(?: ?(?:号码?|number))?[是为:, .]{0,3}\Z"
)
_CODED = (
    "(?:密码|口令|验证码|校验码|激活码|兑换码|邀请码|取件码|编码|代码|代号|学号|工号|编号|单号|账号|帐号|卡号|证号|身份证|尾号"
    "|微信|群|端口|订单|邮编|邮政编码|区号|序列号|流水号|群号|(?<![A-Za-z])(?:QQ|PIN|ID|SSN|ZIP|[Cc]ode|[Pp]assword|[Oo]rder|[Aa]ccount"
    "|(?:[Pp]ass|[Zz]ip|ZIP|[Aa]rea|[Pp]ost|[Pp]ostal)[ -]?[Cc]ode|[Ii]nvoice|[Ss]erial|[Tt]racking|ending in))"
    r"(?: ?(?:号码?|号|number|No\.?|no\.?))?(?: is)?[是为:,# ]{0,3}\Z"
)
_DESIGNATED = (
    "(?:房间号?|房号|教室|包厢|宿舍|波音|空客|航班|车次|[京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新蒙][A-Z]"
    "|(?<![A-Za-z])(?:[Rr]oom|[Ss]uite|[Ff]light|[Rr]oute|[Bb]us|[Gg]ate|[Hh]ighway|[Ii]nterstate|[Aa]partment|[Uu]nit"
    r"|[Aa]pt\.?|[Bb]oeing|[Aa]irbus|[Tt]rain|RTX|GTX|[Pp]ort|U\.?S\.?)) ?(?:[A-Z]{2} )?\Z"
)

_SHORT_CODES = "110 112 114 119 120 122 211 311 411 511 611 711 811 911 988 999".split()  # noqa: SIM905
"""What one dials in an emergency or for information; other numbers of so few digits are counts."""

_NOT_COUNTED = (
    r"(?! ?(?:[元块条台岁年吨斤米]|个(?!人)|人(?!工)|人民币|[美欧日港]元|英镑|次(?!日)"
    r"|(?:people|users|persons|dollars|euros|pounds|yuan|times|years|items|bytes|views|copies)\b))"
)
"""No measure behind it, which would make it a number."""


def _groups(text: str) -> list[str]:
    return re.findall(r"\+?[0-9A-Za-z]+", text)


def _say_dial(tongue: Tongue, found: Found) -> str:
    return tongue.dial(_groups(found[0]))


def _say_digits(tongue: Tongue, found: Found) -> str:
    groups = [tongue.digits(group) for group in _groups(found[0])]
    return ("" if tongue.language == "zh" else ", ").join(groups)


def _say_called(tongue: Tongue, found: Found) -> str | None:
    digits = "".join(_groups(found[0]))
    if len(digits) < 5 and digits not in _SHORT_CODES:
        return None
    return _say_dial(tongue, found)


def _say_long_number(tongue: Tongue, found: Found) -> str | None:
    return _say_dial(tongue, found) if 7 <= sum(map(str.isdigit, found[0])) <= 15 else None


def say_code(tongue: Tongue, found: Found) -> str:
    """The digits of GPT-4, A100, C919, Python3.11."""
    digits = found["digits"]
    if "." in digits or len(digits) < 3 or re.fullmatch("[1-9]0?00", digits):
        words = tongue.number(digits)
    else:
        words = tongue.label(digits) if len(digits) == 4 or tongue.language == "zh" else tongue.digits(digits)
    return f" {words} " if tongue.language == "en" or found["hyphen"] else words


LABELLED = (
    Kind(
        "book", r"[0-9](?:[- ]?[0-9Xx]){6,16}(?![0-9])", _say_digits, r"(?i:ISBN|ISSN|书号|刊号)(?:-1[03])?[:, ]{0,3}\Z"
    ),
    Kind("card", r"[0-9]{4}(?![0-9])", _say_dial, r"尾号[是为:]?\Z", "zh"),
    Kind("identifier", r"[0-9]{2,}(?:[ -][0-9]{2,}){0,5}(?![0-9]|[.,:/%][0-9]|[年个元])", _say_digits, _CODED),
)

TELEPHONES = (
    Kind(
        "international",
        rf"{LONE}\+[1-9][0-9]{{0,2}}[ -]?(?:\(?[0-9]{{1,4}}\)?[ .-]?){{1,5}}(?<=[0-9])(?:[0-9]{{1,8}})?",
        _say_long_number,
    ),
    Kind("mobile", rf"{LONE}1[3-9][0-9](?P<s>[ -]?)[0-9]{{4}}(?P=s)[0-9]{{4}}(?![0-9]){_NOT_COUNTED}", _say_dial),
    Kind(
        "landline",
        rf"{LONE}(?:\(0[1-9][0-9]{{1,2}}\) ?|0[1-9][0-9]{{1,2}}[ -]?)(?:[0-9]{{7,8}}|[0-9]{{3,4}}[ -][0-9]{{4}})"
        r"(?:-[0-9]{1,6})?(?![0-9])",
        _say_dial,
    ),
    Kind(
        "service",
        rf"{LONE}[48]00(?P<s>[ -])(?:[0-9]{{3}}(?P=s)[0-9]{{4}}|[0-9]{{4}}(?P=s)[0-9]{{3}}|[0-9]{{7}})(?![0-9])",
        _say_dial,
    ),
    Kind(
        "american",
        rf"{LONE}(?:1[ .-])?(?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}[ .-])[0-9]{{3}}[ .-][0-9]{{4}}(?![0-9])",
        _say_dial,
    ),
    Kind("local", rf"{LONE}[2-9][0-9]{{2}}-(?![0-9]{{2}}00)[0-9]{{4}}(?![0-9]|-[0-9])", _say_dial, only="en"),
    Kind(
        "extension",
        r"(?:[Ee]xt(?:\.|ension)? ?|x)([0-9]{1,6})(?![0-9])",
        lambda t, found: ", extension " + t.digits(found[1]),
        r"[0-9]{4} ?\Z",
        "en",
    ),
    Kind(
        "extension",
        r"[Ee]xt(?:\.|ension)? ?([0-9]{1,6})(?![0-9])",
        lambda t, found: "extension " + t.digits(found[1]),
        only="en",
    ),
    Kind("extension", rf"[0-9]{{1,6}}(?![0-9.])(?![{HAN}])", _say_dial, r"(?:[0-9]转|分机号?[是为:]?) ?\Z", "zh"),
    Kind(
        "called",
        r"[0-9]+(?:[ -][0-9]+){0,5}(?![0-9]|[.,:/%][0-9])(?![个次通部台条元块岁年万人])",
        _say_called,
        _CALLED,
    ),
    Kind(
        "service",
        r"(?:12306|12315|10086|10010|95[0-9]{3})(?![0-9.,:/%°-])(?![个次通部台条元块岁年万人米])",
        _say_dial,
        r"(?<![0-9A-Za-z.,])\Z",
        "zh",
    ),
    Kind(
        "emergency",
        r"(?:11[0249]|12[02])(?=报警|急救|火警|热线|电话|中心|指挥)",
        _say_dial,
        r"(?<![0-9A-Za-z.,])\Z",
        "zh",
    ),
)

SERIALS = (
    Kind(
        "card",
        rf"{LONE}[0-9]{{4}}(?P<s>[ -])[0-9]{{4}}(?P=s)[0-9]{{4}}(?:(?P=s)[0-9]{{4}}){{0,2}}(?:(?P=s)[0-9]{{1,4}})?"
        r"(?![0-9])",
        _say_digits,
    ),
    Kind("groups", rf"{LONE}[0-9]+(?:-[0-9]+){{2,6}}(?![0-9]|-[0-9]| ?[=≈<>])", _say_digits),
    Kind(
        "network address",
        rf"{LONE}(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}(?![0-9]|\.[0-9])",
        lambda t, found: t.address(found[0].split(".")),
    ),
    Kind(
        "port",
        r":[0-9]{2,5}(?![0-9.:])",
        lambda t, found: ("，" if t.language == "zh" else ", ") + t.digits(found[0][1:]),
        r"\.[0-9]{1,3}\Z",
    ),
    Kind("version", r"[0-9]+(?:\.[0-9]+){2,5}(?!\.?[0-9])", lambda t, found: t.version(found[0].split("."))),
    Kind(
        "room",
        r"([0-9]{3,4})(?=室|房(?![价产租贷])|号房|号室|教室|病房|包厢|宿舍)",
        says(1, "label"),
        r"(?<![0-9.,])\Z",
        "zh",
    ),
    Kind("line", r"([1-9][0-9]{2})(?=路(?!程))", says(1, "label"), r"(?<![0-9.,])\Z", "zh"),
    Kind("identifier", "[0-9]{5}(?![0-9]|[.,:/%][0-9])", _say_digits, r"(?<![A-Za-z])[A-Z]{2} \Z", "en"),
    Kind("designation", r"([0-9]{1,5})(?![0-9]|[.,:/-][0-9])(?! ?%)", says(1, "label"), _DESIGNATED),
)
