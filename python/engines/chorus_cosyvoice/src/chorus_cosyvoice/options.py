"""What a caller may set for a job (`engine_options`), checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from chorus_worker import JSON, BadRequest

SPEEDS = (0.5, 2.0)
"""The least and the highest `speed`; CosyVoice's own demonstration offers the same."""

MAX_INSTRUCTIONS_CHARACTERS = 500
"""Of `instructions`: all of them are read before the first sound is made."""

END_OF_PROMPT = "<|endofprompt|>"
"""The token that parts what CosyVoice is told from what it says. Only this engine writes it."""


@dataclass(frozen=True)
class Options:
    """A job's options; the defaults are CosyVoice's."""

    speed: float = 1.0
    """The model's own pace. CosyVoice changes it only in speech that is not streamed."""
    text_frontend: bool = True
    """Numbers are read out, and a long text is spoken in pieces."""
    instructions: str = ""
    """How to speak: "in Sichuanese", "softly"."""

    @staticmethod
    def parse(options: Mapping[str, JSON]) -> "Options":
        """Checks what a job carries.

        Raises:
            BadRequest: an unknown name, a wrong type, a value out of range.
        """
        names = Options.__dataclass_fields__
        for name in options:
            if name not in names:
                raise BadRequest(f"`{name}` is not an option of CosyVoice here; there are: {', '.join(names)}")
        parsed = Options(**options)
        if not _is_number(parsed.speed) or not SPEEDS[0] <= parsed.speed <= SPEEDS[1]:
            raise BadRequest(f"`speed` must be a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
        if not isinstance(parsed.text_frontend, bool):
            raise BadRequest("`text_frontend` must be true or false")
        if not isinstance(parsed.instructions, str) or len(parsed.instructions) > MAX_INSTRUCTIONS_CHARACTERS:
            raise BadRequest(f"`instructions` must be a string of at most {MAX_INSTRUCTIONS_CHARACTERS} characters")
        plain(parsed.instructions, "`instructions`")
        return parsed


def plain(text: str, what: str) -> str:
    """The text, which has none of our own marks in it. Raises BadRequest if it has."""
    if END_OF_PROMPT in text:
        raise BadRequest(f"{what} must not have {END_OF_PROMPT} in it; write into `instructions` how to speak")
    return text


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
