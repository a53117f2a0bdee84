"""Text made speakable: what callers write, in the few characters that ChatTTS can speak.

ChatTTS knows Chinese characters, Latin letters, `，。、,.`, spaces and its control tokens, and silently deletes digits,
"?", "%", emoji, other scripts and everything else. So a text is prepared before ChatTTS sees it, in four steps:
characters (`alphabet`), languages (`stretches`), numbers (`chinese`, `english`, `grammar`), punctuation (`marks`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chorus_chattts.text import chinese, english
from chorus_chattts.text.alphabet import HAN, scan
from chorus_chattts.text.grammar import Language, rewriter, spelled, warm
from chorus_chattts.text.marks import punctuate, signs_in_words
from chorus_chattts.text.stretches import Stretch, stretches
from chorus_worker import NothingToSay

__all__ = ["SpeakableText", "prepare", "warm"]

MAX_DIGITS = 200
"""Above it, a text's numbers are spelled digit by digit, which costs nothing; in words they would cost seconds.

No text that ChatTTS can speak at once has as many.
"""

MAX_QUOTED = 100
"""The most characters of an unspeakable text that its error quotes."""


@dataclass(frozen=True)
class SpeakableText:
    """A text as ChatTTS can speak it."""

    text: str
    """Chinese characters, Latin letters, `，。、,.`, spaces, and allowed control tokens."""
    dropped: str
    """What cannot be spoken, in order, with a space where something stood between; empty when nothing was lost."""


_written_out = rewriter(
    (r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])", lambda found: found[0].replace(",", "")),
    (r"\(([0-9]{3})\) ?([0-9]{3})-([0-9]{4})", r"\1-\2-\3"),
    (r"(?<=[A-Za-z])-(?=[0-9])", " "),
    (r"<=(?= ?-?[0-9])", "≤"),
    (r">=(?= ?-?[0-9])", "≥"),
    (r"https?://", ""),
)
"""What every grammar misreads: 1,234 and (555) 123-4567, and the hyphen of GPT-4, which is no minus."""


def prepare(text: str, *, normalize: bool = True) -> SpeakableText:
    """Makes a text speakable. Numbers, dates, money and units become words; unless `normalize`, they are dropped.

    Raises NothingToSay when neither a word nor a laugh is left; its message quotes at most `MAX_QUOTED` characters.
    """
    readable, dropped = scan(text, numbers=normalize)
    if normalize:
        readable = _written_out(readable)
    read = _read if normalize and len(re.findall("[0-9]", readable)) <= MAX_DIGITS else spelled
    parts = [_spoken(stretch, read) for stretch in stretches(readable)]
    speakable = punctuate("".join(parts))
    if not re.search(rf"\[laugh|[A-Za-z{HAN}]", re.sub(r"\[(?!laugh)\w+\]", "", speakable)):
        quoted = text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
        known = "Chinese and English words" + ("" if normalize else ", and numbers only when they are normalized")
        raise NothingToSay(f"Nothing of {quoted!r} can be spoken: ChatTTS speaks {known}.")
    return SpeakableText(speakable, dropped)


def _read(text: str, language: Language) -> str:
    return chinese.read(text) if language == "zh" else english.read(text)


def _spoken(stretch: Stretch, read: Callable[[str, Language], str]) -> str:
    if stretch.language is None:
        return stretch.text
    return signs_in_words(read(stretch.text, stretch.language), stretch.language)
