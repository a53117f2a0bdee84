"""What a caller may write: the characters that can be read, the control tokens, and what is left out.

After `scan`, a text consists of readable characters and allowed control tokens only, and a square bracket appears
only as part of a token. That is the whole defence against a smuggled token: whatever is removed or replaced later, no
bracket is ever made, so no token is.
"""

import math
import re
import unicodedata
from functools import cache, lru_cache
from typing import Literal, TypeAlias

HAN = "\u4e00-\u9fff"
"""The Chinese characters that ChatTTS speaks, as the inside of a character class."""

STOPS, PAUSES = ".。!?…", ",，、;:()—\n<>|"
"""Marks after which a speaker stops, and those at which one only pauses."""

SIGNS = "+-×÷=≥≤≠≈±~&@/#*^'"
"""Signs that are read, if at all, beside words as well as beside numbers."""

QUANTITIES = "%‰°℃℉$€£¥￥¢²³μΩ"
"""Signs that are read together with a number."""

RUN = re.escape(SIGNS + QUANTITIES) + "A-Za-z0-9.:"
"""What a number and its unit are written with, as the inside of a character class."""

Tokens: TypeAlias = Literal["sounds", "all", "none"]
"""Which of the model's control tokens a text may have: pauses and laughs, also manners of speaking, or none."""

_SOUNDS = r"\[(?:laugh|u?v_break|ll?break)\]"
_MANNERS = r"\[(?:laugh_[0-2]|oral_[0-9]|break_[0-7])\]"
_ALLOWED: dict[Tokens, str] = {"sounds": _SOUNDS, "all": f"{_SOUNDS}|{_MANNERS}", "none": r"(?!)"}
_CONTROL = (
    rf"{_SOUNDS}|{_MANNERS}"
    r"|\[(?:[SPE](?:tts|asr|break)|spk_emb|empty_spk|undefine|music|pure|speed_[0-9])\]"
)
"""All of the model's tokens. Those of its last line make the prompt, and no text may have them: voice and tempo are
options."""
_READABLE = re.escape(STOPS + PAUSES + SIGNS + QUANTITIES) + rf" _\[\]A-Za-z0-9{HAN}"
_QUANTITY = rf"[$€£¥￥±≥≤+-]?[0-9]+(?:[.,:/+×÷=-]?[0-9]+)*[{QUANTITIES}]*|[{QUANTITIES}]+"


@cache
def _scanner(numbers: bool, tokens: Tokens) -> re.Pattern[str]:
    unspeakable = rf"{_CONTROL}|[^{_READABLE}]+" + ("" if numbers else f"|{_QUANTITY}")
    return re.compile(rf"(?P<token>{_ALLOWED[tokens]})|(?P<dropped>{unspeakable})|(?P<bracket>[\[\]])")


_IS_READABLE = re.compile(f"[{_READABLE}]+").fullmatch

_JOINED = ("Mn", "Me", "Cf")
_SILENT = (*_JOINED, "Cc", "Cs")
"""Categories of characters that are heard only through others, and of those without a sound."""

_SPELLED = {
    **dict.fromkeys('“”„‟"«»‹›「」『』《》〈〉〝〞™®©℠', ""),
    **dict.fromkeys("’‘‛＇ʼ′`´", "'"),
    **dict.fromkeys("‐‑‒–−－﹣", "-"),
    **dict.fromkeys("―⸺→←⇒", "—"),
    **dict.fromkeys("【〔〖（｛{", "("),
    **dict.fromkeys("】〕〗）｝}", ")"),
    **dict.fromkeys("·•・‧●■◆", " "),
    **dict.fromkeys("\t\v\f\r\u2028\u2029\x85", "\n"),
    **dict.fromkeys("〜～∼", "~"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("✕✖∗", "×"),
    **dict(zip("\\⋯〇｡､øØłŁđĐðÐı", "|…零。、oOlLdDdDi", strict=True)),
    **dict(zip("㎠㎡㎢㎤㎥", ("cm²", "m²", "km²", "cm³", "m³"), strict=True)),
    "№": "No. ",
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "þ": "th",
    "Þ": "Th",
}
"""Characters that Unicode does not decompose into what we mean by them."""


def scan(text: str, *, numbers: bool, tokens: Tokens) -> tuple[str, str]:
    """Splits a caller's text into what can be read and what was left out.

    Full-width, accented and compatibility characters become plain ones; quotes, decoration, control and zero-width
    characters vanish without being missed. Other scripts, emoji and the model's tokens but those of `tokens` are left
    out, and so are numbers and the signs that belong to them unless `numbers`.

    Returns the readable text, and what was left out, in order, with a space where something stood between.
    """
    dropped: list[str] = []

    def replace(found: re.Match[str]) -> str:
        if found["token"]:
            return found["token"]
        if found["bracket"]:
            return "(" if found["bracket"] == "[" else ")"
        dropped.append(found["dropped"])
        return " "

    readable = _scanner(numbers, tokens).sub(replace, _fold(text))
    return readable, " ".join(dropped)


def _fold(text: str) -> str:
    """The text in plain characters, and everything without a plain form as it was."""
    plain: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        folded = _folded(character)
        if not folded and plain and unicodedata.category(character) in _JOINED and not _IS_READABLE(plain[-1]):
            folded = character  # Part of the unreadable one before it: of a family emoji, of a Thai syllable.
        if folded:
            plain.append(folded)
    compared = _UNEQUAL.sub(
        lambda found: found[0] if _is_factorial(found) else f"{found['left'] or ''}≠", "".join(plain)
    )
    return re.sub(r"\.{2,}", "…", re.sub(r"(?<![-=])[-=]+>|<-+(?![0-9])|-{2,}|={2,}", "—", compared))


_UNEQUAL = re.compile(
    r"(?P<left>(?<![0-9A-Za-z_.,])[0-9]+)?!(?P<equal>={1,2})(?![=>])"
    r"(?= ?(?P<right>[0-9]{1,30}(?![0-9]))(?P<more>,[0-9]| ?[-+×*÷/^!.][0-9 ])?)?"
)


def _is_factorial(found: re.Match[str]) -> bool:
    """5!=120 and 5!=5×4×3×2×1, but not 3!=4, which as a factorial would be wrong."""
    if not found["left"] or found["equal"] != "=":
        return False
    if not found["right"] or found["more"]:
        return True
    return len(found["left"]) <= 2 and str(math.factorial(int(found["left"]))) == found["right"]


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    """A character's plain form: itself when it is readable or has none, empty when it is silent."""
    if character in _SPELLED:
        return _SPELLED[character]
    if _IS_READABLE(character):
        return character
    category = unicodedata.category(character)
    if category in _SILENT:
        return ""
    letters = [part for part in unicodedata.normalize("NFKD", character) if unicodedata.category(part) != "Mn"]
    plain = "".join(_SPELLED.get(part, part) for part in letters)
    if not plain or not _IS_READABLE(plain):
        return character
    return f" {plain} " if category == "No" else plain  # "2½" is 2 1/2, not 21/2; "①②" is not 12.
