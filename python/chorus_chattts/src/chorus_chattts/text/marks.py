"""Signs in words, and punctuation as ChatTTS knows it."""

import re

from chorus_chattts.text.alphabet import HAN, PAUSES, STOPS
from chorus_chattts.text.tongue import Language

_SIGNS: dict[str, tuple[str, str]] = {
    "&": ("和", "and"),
    "@": (" at ", "at"),
    "+": ("加", "plus"),
    "×": ("乘", "times"),
    "÷": ("除以", "divided by"),
    "=": ("等于", "equals"),
    "≠": ("不等于", "is not"),
    "≈": ("约等于", "is about"),
    "≥": ("大于等于", "at least"),
    "≤": ("小于等于", "at most"),
    "±": ("正负", "plus or minus"),
    "%": ("百分号", "percent"),
    "‰": ("千分号", "per mille"),
    "°": ("度", "degrees"),
    "℃": ("摄氏度", "degrees Celsius"),
    "℉": ("华氏度", "degrees Fahrenheit"),
    "$": ("美元", "dollars"),
    "€": ("欧元", "euros"),
    "£": ("英镑", "pounds"),
    "¥": ("元", "yuan"),
    "￥": ("元", "yuan"),
    "¢": ("美分", "cents"),
    "²": ("平方", "squared"),
    "³": ("立方", "cubed"),
    "μ": ("微", "micro"),
    "Ω": ("欧姆", "ohms"),
}
"""What is said for a sign in Chinese and in English. The other signs are silent."""

_SIGN = re.compile("([" + re.escape("".join(_SIGNS)) + r"])(?:\1{2,})?")
"""A sign, said once for three or more of it, which are a line or an emphasis; C++ has two that are said."""

_MARKS = f"[{re.escape(STOPS + PAUSES)}]"
_PIECE = re.compile(
    rf"(?P<token>\[\w+\])|(?P<zh>[{HAN}]+)|(?P<en>[A-Za-z]+)|(?P<marks>(?:{_MARKS}| )*{_MARKS} *)|(?P<space> +)"
)


def signs_in_words(text: str, language: Language) -> str:
    """A stretch without digits, with its signs in words, or gone if they are silent.

    "don't" becomes "dont", as ChatTTS itself makes it.
    """
    text = re.sub(r"(?<=[A-Za-z])#", " sharp", text)
    text = re.sub(r"(?<=[A-Za-z])\.(?=[a-z])", " dot ", text)
    text = re.sub(rf"(?<=[{HAN}])/(?=[{HAN}])", "、", text)
    text = re.sub(rf"(?<=[{HAN}])-(?=[{HAN}])| [-/]+ ", "，", text)
    text = _SIGN.sub(lambda sign: _said(sign[1], language), text)
    return re.sub(r"['*^~#]", "", re.sub(r"[-/_]", " ", text))


def punctuate(text: str) -> str:
    """A whole text with the marks `，。、` after Chinese and `,.` after English, the strongest of neighbouring ones.

    Spaces between Chinese words go, and so do marks before the first word and pauses after the last one.
    """
    pieces = list(_PIECE.finditer(text))
    chinese = next((piece.lastgroup == "zh" for piece in pieces if piece.lastgroup in ("zh", "en")), True)
    parts: list[str] = []
    for piece in pieces:
        if piece.lastgroup == "marks":
            parts.append(_mark(piece[0], chinese))
        else:
            chinese = piece.lastgroup == "zh" if piece.lastgroup in ("zh", "en") else chinese
            parts.append(" " if piece.lastgroup == "space" else piece[0])
    punctuated = re.sub(rf"(?<=[{HAN}]) (?=[{HAN}])", "", "".join(parts))
    return re.sub(r"^[，。、,. ]+|[，、, ]+$", "", punctuated)


def _said(sign: str, language: Language) -> str:
    chinese, english = _SIGNS[sign]
    return chinese if language == "zh" else f" {english} "


def _mark(marks: str, chinese: bool) -> str:
    if set(marks) & set(STOPS):
        return "。" if chinese else ". "
    if chinese and set(marks) <= set("、 "):
        return "、"
    return "，" if chinese else ", "
