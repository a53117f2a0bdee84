"""A caller's options: what is accepted, and what is said about what is not."""

from dataclasses import fields
from typing import Any

import ChatTTS
import pytest

from chorus_chattts.engine import ChatTTSEngine
from chorus_chattts.options import MAX_STRING_CHARACTERS, Options
from chorus_worker import BadRequest, Job
from chorus_worker.options import heed


def test_the_defaults_are_chattts_own_but_for_what_serves_a_stream() -> None:
    options = Options.parse({})
    assert options.code == {"pass_first_n_batches": 0}
    assert options.refine is None
    assert options.tokens == "sounds"
    assert (options.use_decoder, options.normalize, options.homophones, options.ensure_non_empty) == (True,) * 4
    assert options.max_new_token == ChatTTS.Chat.InferCodeParams().max_new_token == 2048
    assert ChatTTS.Chat.RefineTextParams().max_new_token == 384


def test_every_field_of_chattts_parameters_can_be_set() -> None:
    values = {
        "prompt": "[speed_9]",
        "top_P": 0.5,
        "top_K": 7,
        "temperature": 0.5,
        "repetition_penalty": 1.5,
        "max_new_token": 99,
        "min_new_token": 9,
        "manual_seed": 4,
        "spk_emb": "a",
        "spk_smp": "b",
        "txt_smp": "c",
        "stream_batch": 12,
        "stream_speed": 6000,
        "pass_first_n_batches": 1,
    }
    ours = {"show_tqdm", "ensure_non_empty"}
    assert values.keys() | ours == {field.name for field in fields(ChatTTS.Chat.InferCodeParams)}
    assert Options.parse(values).code == values
    refine = {
        name: values[name] for name in values if name in {field.name for field in fields(ChatTTS.Chat.RefineTextParams)}
    }
    assert refine.keys() | ours == {field.name for field in fields(ChatTTS.Chat.RefineTextParams)}
    assert Options.parse({"refine": refine}).refine == refine


def test_numbers_arrive_in_the_types_that_chattts_insists_on() -> None:
    code = Options.parse({"repetition_penalty": 1, "temperature": [1, 0.5, 2, 1], "spk_emb": None}).code
    assert isinstance(code["repetition_penalty"], float)
    assert code["temperature"] == [1.0, 0.5, 2.0, 1.0]
    assert code["spk_emb"] is None


def test_refining_is_off_on_or_described() -> None:
    assert Options.parse({"refine": False}).refine is None
    assert Options.parse({"refine": True}).refine == {}
    assert Options.parse({"refine": {"prompt": "[oral_2][laugh_0][break_6]"}}).refine == {
        "prompt": "[oral_2][laugh_0][break_6]"
    }


def test_the_object_of_one_job_is_not_that_of_another() -> None:
    first, second = Options.parse({}), Options.parse({})
    first.code["spk_smp"] = "leaked"
    assert "spk_smp" not in second.code


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temprature": 1}, "Did you mean `temperature`?"),
        ({"top_p": 0.5}, "Did you mean `top_P`?"),
        ({"zzz": 1}, "There are: ensure_non_empty, "),
        ({"show_tqdm": True}, "progress bar"),
        ({"speed": 2}, "`prompt`: [speed_0]"),
        ({"refine": {"ensure_non_empty": False}}, "beside `refine`"),
        ({"refine": {"stream_batch": 3}}, "`refine.stream_batch` is not an option"),
        ({"refine": {"temperature": [1, 1, 1, 1]}}, "`refine.temperature` must be a number from 0.01 to 2"),
        ({"refine": 1}, "`refine` must be true, false, or an object"),
        ({"temperature": 0}, "from 0.01 to 2, or a list of 4"),
        ({"temperature": [0.3, 0.3]}, "a list of 4"),
        ({"temperature": [0.3, 0.3, 0.3, 9]}, "a list of 4"),
        ({"temperature": float("nan")}, "from 0.01 to 2"),
        ({"temperature": True}, "a number"),
        ({"top_K": 2.5}, "a whole number from 1 to 1000"),
        ({"top_K": True}, "a whole number"),
        ({"max_new_token": 2049}, "from 1 to 2048"),
        ({"min_new_token": 11, "max_new_token": 10}, "must not be above `max_new_token`, which is 10"),
        ({"refine": {"min_new_token": 385}}, "must not be above `refine.max_new_token`, which is 384"),
        ({"manual_seed": -1}, "a whole number from 0"),
        ({"manual_seed": 2**63}, "a whole number from 0"),
        ({"stream_speed": 0}, "from 512 to 48000"),
        ({"stream_batch": 7}, "from 8 to 2048"),
        ({"txt_smp": "+" * (MAX_STRING_CHARACTERS + 1)}, "`txt_smp` must be a string of at most 16384 characters"),
        ({"tokens": True}, '`tokens` must be "sounds", "all" or "none"'),
        ({"use_decoder": "yes"}, "`use_decoder` must be true or false"),
        ({"spk_emb": 3}, "`spk_emb` must be a string"),
        ({"prompt": "[speed_5] "}, "control tokens"),
        ({"prompt": "[Ptts]"}, "control tokens"),
        ({"prompt": "[speed_10]"}, "control tokens"),
        ({"prompt": "[speed_5]" * 17}, "at most 16"),
        ({"prompt": None}, "control tokens"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        parse_as_a_slot_does(options)
    assert message in str(error.value)


def parse_as_a_slot_does(options: dict[str, Any]) -> Options:
    """The names are checked before the engine gets the job."""
    job = Job("你好。", options=options)
    heed(ChatTTSEngine(), job)
    return Options.parse(job.options)
