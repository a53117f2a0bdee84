"""Text made speakable: what callers write, in the few characters that ChatTTS can speak.

ChatTTS knows Chinese characters, Latin letters, `，。、,.`, spaces and its control tokens, and silently deletes digits,
"?", "%", emoji, other scripts and everything else. So a text is prepared before ChatTTS sees it, in four steps:
characters (`alphabet`), languages (`stretches`), numbers (`kinds`, in the words of `chinese` and `english`),
punctuation (`marks`).
"""

import re
from dataclasses import dataclass

from chorus_chattts.text.alphabet import HAN, Tokens, scan
from chorus_chattts.text.chinese import Chinese
from chorus_chattts.text.english import English
from chorus_chattts.text.kinds import KINDS
from chorus_chattts.text.marks import punctuate, signs_in_words
from chorus_chattts.text.reader import Reader
from chorus_chattts.text.stretches import Stretch, stretches
from chorus_chattts.text.tongue import Language
from chorus_worker import NothingToSay

__all__ = ["SpeakableText", "Tokens", "prepare"]

MAX_QUOTED = 100
"""The most characters of an unspeakable text that its error quotes."""

_READERS: dict[Language, Reader] = {"zh": Reader(Chinese(), KINDS), "en": Reader(English(), KINDS)}


@dataclass(frozen=True)
class SpeakableText:
    """A text as ChatTTS can speak it."""

    text: str
    """Chinese characters, Latin letters, `，。、,.`, spaces, and allowed control tokens."""
    dropped: str
    """What cannot be spoken, in order, with a space where something stood between; empty when nothing was lost."""


def prepare(text: str, *, normalize: bool = True, tokens: Tokens = "sounds") -> SpeakableText:
    """Makes a text speakable. Numbers, dates, money and units become words; unless `normalize`, they are dropped.
    Of the model's control tokens those reach it that `tokens` allows; others are left out.

    Raises NothingToSay when neither a word nor a laugh is left; its message quotes at most `MAX_QUOTED` characters.
    """
    readable, dropped = scan(text, numbers=normalize, tokens=tokens)
    parts = [_spoken(readable, stretch, normalize) for stretch in stretches(readable)]
    speakable = punctuate("".join(parts))
    if not re.search(rf"\[laugh|[A-Za-z{HAN}]", re.sub(r"\[(?!laugh)\w+\]", "", speakable)):
        quoted = text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
        known = "Chinese and English words" + ("" if normalize else ", and numbers only when they are normalized")
        raise NothingToSay(f"Nothing of {quoted!r} can be spoken: ChatTTS speaks {known}.")
    return SpeakableText(speakable, dropped)


def _spoken(text: str, stretch: Stretch, normalize: bool) -> str:
    if stretch.language is None:
        return text[stretch.start : stretch.end]
    if normalize:
        words = _READERS[stretch.language].read(text, stretch.start, stretch.end)
    else:
        words = text[stretch.start : stretch.end]
    return signs_in_words(words, stretch.language)
