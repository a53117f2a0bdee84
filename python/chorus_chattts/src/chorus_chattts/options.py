"""What a caller may set for a job (`engine_options`), checked: fields of ChatTTS's parameters, and switches of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from chorus_chattts.text import Tokens
from chorus_worker import JSON, BadRequest, check_names

MAX_NEW_TOKENS = 2048
"""Tokens that ChatTTS makes at the most for one text: 43.7 s of speech."""

MAX_REFINED_TOKENS = 384
"""Tokens that a refined text has at the most, unless `refine.max_new_token` says otherwise."""

MAX_PROMPT_TOKENS = 16
"""Control tokens in a prompt."""

MAX_STRING_CHARACTERS = 16_384
"""Of a string, whatever it is for."""

MIN_STREAM_BATCH = 8
"""Tokens, at the least, from one chunk to the next.

Each chunk is decoded with the 52 tokens before it, and with 52 behind it if they are there (`windowed`). With a chunk
every 8 tokens that is at most a quarter of what the language model costs; one for each token would cost twice as much
as the model.
"""

MAX_SEED = 2**63 - 1
"""The largest `manual_seed`; the job's own `seed` is smaller still."""

Check: TypeAlias = Callable[[JSON], Any]
"""Returns the value as ChatTTS wants it, or raises `ValueError` with what it must be."""


@dataclass(frozen=True)
class Options:
    """A job's options. What the caller left out has ChatTTS's own default, unless it says otherwise here."""

    code: dict[str, Any]
    """Fields of `InferCodeParams`. `pass_first_n_batches` is 0 by default: the first sound leaves after 24 tokens
    (`stream_batch`) instead of 72."""
    refine: dict[str, Any] | None
    """Fields of `RefineTextParams`, or None, which is the default: the text is spoken as it is. Refining, ChatTTS's own
    default, adds fillers, drops words, and costs as much again."""
    use_decoder: bool
    """Sound comes from the language model's hidden states, through `Decoder`; else from its codes, through `DVAE`."""
    normalize: bool
    """Numbers, dates, money and units are read out."""
    homophones: bool
    """Chinese characters that the model is known to misread are replaced by others of the same sound."""
    ensure_non_empty: bool
    """A job without a seed that comes out empty is tried again with other seeds. ChatTTS's own switch of this name
    tries without an end."""
    tokens: Tokens
    """Which control tokens of the text reach the model."""

    @property
    def max_new_token(self) -> int:
        """Audio tokens at the most."""
        return int(self.code.get("max_new_token", MAX_NEW_TOKENS))

    @property
    def manual_seed(self) -> int | None:
        """The seed of every single step of the speech, if the caller gave one."""
        seed: int | None = self.code.get("manual_seed")
        return seed

    @staticmethod
    def parse(options: Mapping[str, JSON]) -> Options:
        """Checks what a job carries; that there are no other names than `NAMES` has been checked already.

        Raises:
            BadRequest: a wrong type, a value out of range, an unknown name in `refine`.
        """
        fields = _checked(options, {**_CODE, **_SWITCHES}, where="", max_new_token=MAX_NEW_TOKENS)
        return Options(
            code=_OUR_CODE | {name: fields[name] for name in _CODE if name in fields},
            refine=_refine(fields.get("refine", False)),
            use_decoder=fields.get("use_decoder", True),
            normalize=fields.get("normalize", True),
            homophones=fields.get("homophones", True),
            ensure_non_empty=fields.get("ensure_non_empty", True),
            tokens=fields.get("tokens", "sounds"),
        )


def _refine(value: bool | Mapping[str, JSON]) -> dict[str, Any] | None:
    if isinstance(value, bool):
        return {} if value else None
    check_names(value, _REFINE, "chattts", ELSEWHERE, "refine.")
    return _checked(value, _REFINE, where="refine.", max_new_token=MAX_REFINED_TOKENS)


def _checked(
    options: Mapping[str, JSON], checks: Mapping[str, Check], where: str, max_new_token: int
) -> dict[str, Any]:
    fields = {name: _check(name, value, checks[name], where) for name, value in options.items()}
    low, high = fields.get("min_new_token", 0), fields.get("max_new_token", max_new_token)
    if low > high:
        raise BadRequest(
            f"`{where}min_new_token` is {low}, but must not be above `{where}max_new_token`, which is {high}."
        )
    return fields


def _check(name: str, value: JSON, check: Check, where: str) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise BadRequest(f"`{where}{name}` must be {error}.") from None


def _integer(low: int, high: int) -> Check:
    def check(value: JSON) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return check


def _number(low: float, high: float) -> Check:
    def check(value: JSON) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueError(f"a number from {low} to {high}")
        return float(value)

    return check


def _temperatures(value: JSON) -> float | list[float]:
    one = _number(0.01, 2)
    try:
        if isinstance(value, list) and len(value) == 4:
            return [one(each) for each in value]
        return float(one(value))
    except ValueError as error:
        raise ValueError(f"{error}, or a list of 4 such numbers") from None


def _boolean(value: JSON) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _string(value: JSON) -> str:
    if not isinstance(value, str) or len(value) > MAX_STRING_CHARACTERS:
        raise ValueError(f"a string of at most {MAX_STRING_CHARACTERS} characters")
    return value


def _tokens(value: JSON) -> Tokens:
    if value not in ("sounds", "all", "none"):
        raise ValueError('"sounds", "all" or "none"')
    return cast(Tokens, value)


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


_PROMPT = re.compile(rf"(\[(speed_[0-9]|oral_[0-9]|laugh_[0-2]|break_[0-7])\]){{0,{MAX_PROMPT_TOKENS}}}")


def _prompt(value: JSON) -> str:
    if not isinstance(value, str) or not _PROMPT.fullmatch(value):
        tokens = "[speed_0] to [speed_9], [oral_0] to [oral_9], [laugh_0] to [laugh_2] and [break_0] to [break_7]"
        raise ValueError(
            f"a string of at most {MAX_PROMPT_TOKENS} of the control tokens {tokens}, with nothing between them"
        )
    return value


def _switch_or_fields(value: JSON) -> bool | Mapping[str, JSON]:
    if not isinstance(value, (bool, Mapping)):
        raise ValueError("true, false, or an object with the fields of ChatTTS's RefineTextParams")
    return value


_BOTH: dict[str, Check] = {
    "prompt": _prompt,
    "top_P": _number(0.01, 1),
    "top_K": _integer(1, 1000),
    "repetition_penalty": _number(0.5, 2),
    "max_new_token": _integer(1, MAX_NEW_TOKENS),
    "min_new_token": _integer(0, MAX_NEW_TOKENS),
    "manual_seed": _optional(_integer(0, MAX_SEED)),
}
"""The fields that `InferCodeParams` and `RefineTextParams` share."""

_REFINE: dict[str, Check] = {**_BOTH, "temperature": _number(0.01, 2)}

_CODE: dict[str, Check] = {
    **_BOTH,
    "temperature": _temperatures,
    "spk_emb": _optional(_string),
    "spk_smp": _optional(_string),
    "txt_smp": _optional(_string),
    "stream_batch": _integer(MIN_STREAM_BATCH, MAX_NEW_TOKENS),
    "stream_speed": _integer(512, 48_000),
    "pass_first_n_batches": _integer(0, MAX_NEW_TOKENS),
}
"""The fields of `InferCodeParams`; what a speaker's strings may be is for `speakers` to judge."""

_OUR_CODE: dict[str, Any] = {"pass_first_n_batches": 0}

_SWITCHES: dict[str, Check] = {
    "refine": _switch_or_fields,
    "use_decoder": _boolean,
    "normalize": _boolean,
    "homophones": _boolean,
    "ensure_non_empty": _boolean,
    "tokens": _tokens,
}

NAMES = (*_CODE, *_SWITCHES)
"""Of all options of a job."""

ELSEWHERE = {
    "show_tqdm": "It draws a progress bar on a terminal, which a server has not.",
    "ensure_non_empty": "Write it beside `refine`: it holds for the whole job.",
    "speed": "For ChatTTS's pace write `prompt`: [speed_0] to [speed_9]. The request's own `speed` changes the tempo.",
}
"""Names that a caller may know from elsewhere, and what to do instead."""
