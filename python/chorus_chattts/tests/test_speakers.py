"""Voices: those that are there, and those that are made."""

import lzma
import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pybase16384
import pytest
import torch

from chorus_chattts import speakers
from chorus_chattts.engine import ChatTTSEngine
from chorus_chattts.model import Model, Samples
from chorus_worker import BadRequest, Job, VoiceRecipe

RAW_LZMA2 = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


def packed(data: bytes, head: bytes = b"") -> str:
    """Bytes in ChatTTS's writing."""
    return str(pybase16384.encode_to_string(head + lzma.compress(data, lzma.FORMAT_RAW, filters=RAW_LZMA2)))


def embedding(numbers: list[float]) -> str:
    """A speaker code."""
    return packed(np.array(numbers, "<f2").tobytes())


def audio_codes(codes: np.ndarray) -> str:
    """A sample code."""
    return packed(codes.astype("<u2").tobytes(), head=np.array(codes.shape, "<u2").tobytes())


def recording(seconds: float, rate: int = 24_000, loudness: float = 0.3) -> bytes:
    """A hum."""
    wave = loudness * np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 220 / rate)
    return (wave * 32_767).astype("<i2").tobytes()


def test_there_are_as_many_voices_as_openai_has_names(engine: ChatTTSEngine) -> None:
    voices = engine.voices()
    assert [voice.name for voice in voices] == [f"speaker-{number}" for number in range(1, 14)]
    assert {voice.languages for voice in voices} == {("zh", "en")}


def test_every_voice_sounds_different_and_no_voice_is_the_first(synthesize: Callable[..., Samples]) -> None:
    length = {"min_new_token": 10, "max_new_token": 10}
    first, second = synthesize("你好。", voice="speaker-1", **length), synthesize("你好。", voice="speaker-2", **length)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(synthesize("你好。", **length), first)


def test_a_seed_is_the_voice_of_its_number(engine: ChatTTSEngine, model: Model) -> None:
    made = engine.make_voice(VoiceRecipe(seed=7))
    assert made == {"spk_emb": model.random_speaker(7)}
    options = {"min_new_token": 10, "max_new_token": 10}
    by_name = list(engine.synthesize(Job("你好。", voice="speaker-7", options=options)))
    by_speaker = list(engine.synthesize(Job("你好。", voice="speaker-1", speaker=made, options=options)))
    by_option = list(engine.synthesize(Job("你好。", voice="speaker-1", options={**options, **made})))
    np.testing.assert_array_equal(by_speaker, by_name)
    np.testing.assert_array_equal(by_option, by_name)


def test_drawing_a_speaker_is_chattts_own_and_leaves_the_random_numbers_alone(model: Model) -> None:
    torch.manual_seed(9)
    expected = model._chat.sample_random_speaker()
    torch.manual_seed(1)
    after = torch.rand(3)
    torch.manual_seed(1)
    assert model.random_speaker(9) == expected
    torch.testing.assert_close(torch.rand(3), after)


def test_a_pasted_code_is_a_voice(engine: ChatTTSEngine, model: Model) -> None:
    code = model.random_speaker(3)
    assert engine.make_voice(VoiceRecipe(code=f"\n {code} \n")) == {"spk_emb": code}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "not a speaker code"),
        ("hello", "not a speaker code"),
        ("\ud800", "not a speaker code"),
        ("㴆", "not a speaker code"),
        ("一" * 20_000, "not a speaker code"),
        ("愐穤巩噅", "damaged"),
        (embedding([1] * 63), "64 finite numbers"),
        (embedding([1] * 65), "64 finite numbers"),
        (embedding([1] * 63 + [float("nan")]), "64 finite numbers"),
        (embedding([0] * 64), "64 finite numbers"),
        (packed(bytes(127)), "64 finite numbers"),
    ],
)
def test_what_is_not_a_speaker_is_said(engine: ChatTTSEngine, code: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        engine.make_voice(VoiceRecipe(code=code))
    with pytest.raises(BadRequest, match=message):
        list(engine.synthesize(Job("你好。", speaker={"spk_emb": code})))


def test_a_short_code_cannot_unpack_to_megabytes(engine: ChatTTSEngine) -> None:
    code = embedding([0] * 10_000_000)
    assert len(code) < 5_000
    tracemalloc.start()
    with pytest.raises(BadRequest):
        engine.make_voice(VoiceRecipe(code=code))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("tail", [bytes(1000), b"\0"], ids=["another stream", "a byte"])
def test_nothing_may_follow_a_code(engine: ChatTTSEngine, tail: bytes) -> None:
    """What ChatTTS itself unpacks with is `lzma.decompress`, which goes on with the next stream."""
    more = lzma.compress(tail, lzma.FORMAT_RAW, filters=RAW_LZMA2) if len(tail) > 1 else tail
    one = lzma.compress(np.ones(64, "<f2").tobytes(), lzma.FORMAT_RAW, filters=RAW_LZMA2)
    codes = np.zeros((4, 9), "<u2")
    sample = np.array(codes.shape, "<u2").tobytes() + lzma.compress(codes.tobytes(), lzma.FORMAT_RAW, filters=RAW_LZMA2)
    for whole, field, message in (one, "spk_emb", "64 finite numbers"), (sample, "spk_smp", "4 rows of audio codes"):
        speaker = {field: str(pybase16384.encode_to_string(whole + more))}
        if field == "spk_smp":
            speaker["txt_smp"] = "好"
        with pytest.raises(BadRequest, match=message):
            list(engine.synthesize(Job("你好。", speaker=speaker)))


def test_a_transcript_that_is_too_long_is_not_even_prepared(
    engine: ChatTTSEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(speakers, "prepare")
    sample = audio_codes(np.zeros((4, 9)))
    for options in {"spk_smp": sample, "txt_smp": "+" * 301}, {"spk_smp": sample, "txt_smp": "+" * 16_000}:
        with pytest.raises(BadRequest, match="longer than 300"):
            list(engine.synthesize(Job("你好。", options=options)))
    recipe = VoiceRecipe(recording=recording(2), sample_rate=24_000, text="+" * 301)
    with pytest.raises(BadRequest, match="longer than 300"):
        engine.make_voice(recipe)


def test_damaged_codes_never_do_more_than_be_refused(engine: ChatTTSEngine, model: Model) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    whole = model.random_speaker(1)
    for _ in range(300):
        code = list(whole)
        for _ in range(dice.randrange(1, 4)):
            code[dice.randrange(len(code))] = chr(dice.randrange(0x4E00, 0x8E00))
        cut = "".join(code[: dice.randrange(1, len(code) + 1)])
        with suppress(BadRequest):
            assert engine.make_voice(VoiceRecipe(code=cut)).keys() == {"spk_emb"}


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100])
def test_a_recording_with_its_text_is_a_voice(engine: ChatTTSEngine, rate: int) -> None:
    recipe = VoiceRecipe(recording=recording(1.5, rate), sample_rate=rate, text="就是这个，嗯 [Ptts]。")
    made = engine.make_voice(recipe)
    assert made == engine.make_voice(recipe)
    assert made.keys() == {"spk_smp", "txt_smp"}
    assert "Ptts" not in made["txt_smp"]
    options = {"min_new_token": 10, "max_new_token": 10}
    spoken = np.concatenate(list(engine.synthesize(Job("你好。", speaker=made, options=options))))
    plain = np.concatenate(list(engine.synthesize(Job("你好。", options=options))))
    assert spoken.shape == plain.shape
    assert not np.array_equal(spoken, plain)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (VoiceRecipe(recording=recording(2), sample_rate=24_000), "send what is said in it"),
        (VoiceRecipe(recording=recording(2), sample_rate=24_000, text="☃"), "nothing in it that can be spoken"),
        (VoiceRecipe(recording=recording(2), sample_rate=24_000, text="好" * 301), "longer than 300"),
        (VoiceRecipe(recording=recording(0.9), sample_rate=24_000, text="好"), "0.9 s long, but must be 1 to 30 s"),
        (VoiceRecipe(recording=recording(31), sample_rate=24_000, text="好"), "31.0 s long"),
        (VoiceRecipe(recording=recording(2, loudness=0), sample_rate=24_000, text="好"), "silent"),
        (VoiceRecipe(recording=recording(2) + b"x", sample_rate=24_000, text="好"), "half a sample"),
        (VoiceRecipe(recording=recording(2), sample_rate=44_099, text="好"), "convert it to one of 8000, "),
    ],
)
def test_a_recording_of_no_use_is_said(engine: ChatTTSEngine, recipe: VoiceRecipe, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        engine.make_voice(recipe)


@pytest.mark.parametrize(
    ("speaker", "message"),
    [
        ({}, "A speaker is"),
        ({"spk_emb": 3}, "A speaker is"),
        ({"spk_smp": audio_codes(np.zeros((4, 9)))}, "A speaker is"),
        ({"txt_smp": "好"}, "A speaker is"),
        ({"name": "Ann"}, "A speaker is"),
        ({"spk_smp": audio_codes(np.zeros((3, 9))), "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": audio_codes(np.full((4, 9), 625)), "txt_smp": "好"}, "codes below 625"),
        ({"spk_smp": audio_codes(np.zeros((4, 0))), "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": audio_codes(np.zeros((4, 2000))), "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": "愐穤巩噅", "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": "愐穤", "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": packed(bytes(72), head=b"\2\0\x12\0"), "txt_smp": "好"}, "4 rows of audio codes"),
        ({"spk_smp": audio_codes(np.zeros((4, 9))), "txt_smp": "☃"}, "nothing in it that can be spoken"),
    ],
)
def test_a_speaker_that_is_none_is_said(engine: ChatTTSEngine, speaker: dict[str, object], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        list(engine.synthesize(Job("你好。", speaker=speaker)))


def test_a_voice_that_is_not_there_is_said(engine: ChatTTSEngine) -> None:
    with pytest.raises(BadRequest, match=r"no voice `alloy`\. There are speaker-1 to speaker-13"):
        list(engine.synthesize(Job("你好。", voice="alloy")))
