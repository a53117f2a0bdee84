"""What a caller may set for a job (`engine_options`), checked."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from chorus_worker import JSON, BadRequest

SPEEDS = (0.5, 2.0)
"""The least and the highest `speed`; CosyVoice's own demonstration offers the same."""

MAX_INSTRUCTIONS_CHARACTERS = 500
"""Of `instructions`: all of them are read before the first sound is made."""

END_OF_PROMPT = "<|endofprompt|>"
"""The token that parts what CosyVoice is told from what it says. Only this engine writes it."""

SOUNDS = (
    *(
        "[breath]",
        "[quick_breath]",
        "[laughter]",
        "[cough]",
        "[sigh]",
        "[noise]",
        "[clucking]",
        "[hissing]",
        "[lipsmack]",
    ),
    *("[vocalized-noise]", "[mn]", "<laughter>", "</laughter>", "<strong>", "</strong>"),
)
"""The control tokens that a text may have: sounds, and stretches that are said with laughter or stress."""


@dataclass(frozen=True)
class Options:
    """A job's options; the defaults are CosyVoice's."""

    speed: float = 1.0
    """The model's own pace. CosyVoice changes it only in speech that is not streamed."""
    text_frontend: bool = True
    """Numbers are read out, and a long text is spoken in pieces."""
    instructions: str = ""
    """How to speak: "in Sichuanese", "softly"."""
    tokens: str = "sounds"
    """Whether the `SOUNDS` of a text reach the model: `sounds`, or `none`."""

    @staticmethod
    def parse(options: Mapping[str, JSON]) -> "Options":
        """Checks what a job carries; that there are no other names than `NAMES` has been checked already.

        Raises:
            BadRequest: a wrong type, a value out of range.
        """
        parsed = Options(**options)
        if not _is_number(parsed.speed) or not SPEEDS[0] <= parsed.speed <= SPEEDS[1]:
            raise BadRequest(f"`speed` must be a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
        if not isinstance(parsed.text_frontend, bool):
            raise BadRequest("`text_frontend` must be true or false")
        if not isinstance(parsed.instructions, str) or len(parsed.instructions) > MAX_INSTRUCTIONS_CHARACTERS:
            raise BadRequest(f"`instructions` must be a string of at most {MAX_INSTRUCTIONS_CHARACTERS} characters")
        if END_OF_PROMPT in parsed.instructions:
            raise BadRequest(f"`instructions` must not have {END_OF_PROMPT} in it")
        if parsed.tokens not in ("sounds", "none"):
            raise BadRequest('`tokens` must be "sounds" or "none"')
        return parsed


NAMES = tuple(Options.__dataclass_fields__)
"""Of all options of a job."""

_MARKS = re.compile(
    rf"(?P<sound>{'|'.join(map(re.escape, SOUNDS))})"
    r"|(?P<control><\|[^<>|]*\|>)"
    r"|(?P<opens>\[)|(?P<closes>\])|(?P<tag><(?=[|/A-Za-z]))"
)
_WIDE = str.maketrans("［］＜＞｜", "[]<>|")


def spoken(text: str, tokens: str) -> tuple[str, str]:
    """A text without control tokens but those that may be, and those that it had, with a space between them.

    CosyVoice looks for its tokens in whatever it is given: `<|…|>` tells it the language or ends a prompt, and square
    brackets hold sounds and, in version 3, phonemes. So brackets become round, and a tag is none any more.
    """
    dropped: list[str] = []

    def replace(found: re.Match[str]) -> str:
        if found["sound"] and tokens == "sounds":
            return found[0]
        if found["sound"] or found["control"]:
            dropped.append(found[0])
            return " "
        return {"opens": "(", "closes": ")", "tag": "< "}[str(found.lastgroup)]

    visible = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return _MARKS.sub(replace, visible.translate(_WIDE)), " ".join(dropped)


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
