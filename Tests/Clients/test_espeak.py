"""An independent oracle: what the gateway speaks is what the `espeak-ng` program speaks."""

import numpy as np
import pytest

from audio import RATE, Samples, correlation, espeak, resample, samples
from conftest import Serve
from server import espeak_engine
from texts import SENTENCE

READER = {"cmn": "cmn-latn-pinyin"}
"""The voice that reads Chinese in every version of espeak-ng, which the library's own choice does not."""

CHINESE = "今天天气很好，我们一起去公园散步。"


def oracle(text: str, voice: str) -> bytes:
    """The program's speech at 24 kHz."""
    return resample(*espeak(text, voice))


@pytest.mark.parametrize(("text", "voice"), [(SENTENCE, "en-us"), ("今天天气很好。", "cmn")])
def test_a_fresh_instance_speaks_like_the_program(serve: Serve, text: str, voice: str) -> None:
    spoken = serve(espeak_engine()).speak(text, voice=voice).raise_for_status().content
    expected = oracle(text, READER.get(voice, voice))
    assert len(spoken) == pytest.approx(len(expected), rel=0.01)
    assert correlation(samples(spoken), samples(expected)) > 0.99


def test_each_script_gets_a_voice_that_can_read_it(serve: Serve) -> None:
    """English and Chinese in one text, and nobody said which voice: each part is spoken by a voice of its language."""
    spoken = samples(serve(espeak_engine()).speak(f"{SENTENCE}{CHINESE}", voice="auto").raise_for_status().content)
    chinese = samples(oracle(CHINESE, READER["cmn"]))
    likeness: dict[str, float] = {}
    for voice in ("en-us", "en-gb"):
        english = samples(oracle(SENTENCE, voice))
        if len(english) + len(chinese) == pytest.approx(len(spoken), rel=0.01):
            likeness[voice] = correlation(spoken[: len(english)], english)
    assert max(likeness.values(), default=0) > 0.99
    assert correlation(spoken[-len(chinese) :], chinese) > 0.99


def silences(spoken: Samples) -> list[float]:
    """The seconds that each stretch without sound lasts, in windows of 5 ms: before, between and after the words."""
    loud = np.flatnonzero(np.abs(spoken[: len(spoken) // 120 * 120]).reshape(-1, 120).max(axis=1) > 200)
    gaps = np.diff(np.concatenate(([-1], loud, [len(spoken) // 120]))) - 1
    return [float(gap) * 0.005 for gap in gaps]


@pytest.mark.parametrize(
    "pieces",
    [
        [("My friend ", "en-us"), ("小明 ", "cmn"), ("said ", "en-us"), ("你好 ", "cmn"), ("to me.", "en-us")],
        [("The word ", "en-us"), ("שלום ", "he"), ("means peace.", "en-us")],
        [("我用", "cmn"), ("iPhone", "en-us"), ("打电话给", "cmn"), ("Tom。", "en-us")],
        [("Я читаю ", "ru"), ("The Times ", "en-us"), ("каждый день.", "ru")],
    ],
)
def test_a_word_in_another_script_has_a_voice_of_its_own(serve: Serve, pieces: list[tuple[str, str]]) -> None:
    server = serve(espeak_engine())
    text = "".join(piece for piece, _ in pieces)
    spoken = samples(server.speak(text, voice="auto").raise_for_status().content)
    alone = [samples(oracle(piece, READER.get(voice, voice))) for piece, voice in pieces]
    heard = sum(len(piece) / RATE - silences(piece)[0] - silences(piece)[-1] for piece in alone)
    before, *between, after = silences(spoken)
    assert len(spoken) / RATE - before - after == pytest.approx(heard, abs=0.06 * len(pieces))
    assert max(between) < 0.07, "no pause where the voice changes"
    one_voice = samples(server.speak(text, voice=pieces[0][1]).raise_for_status().content)
    assert len(one_voice) != len(spoken), "a voice that is named speaks everything"


@pytest.mark.parametrize(
    ("words", "voice"), [(["Apple", "Banana", "Orange"], "en-us"), (["苹果", "香蕉", "牛奶"], "cmn")]
)
def test_the_end_of_a_line_is_a_pause(serve: Serve, words: list[str], voice: str) -> None:
    server = serve(espeak_engine())
    lines, sentences, line = (
        samples(server.speak(mark.join(["One", *words]), voice=voice).raise_for_status().content)
        for mark in ("\n", "。", " ")
    )
    assert sum(pause > 0.1 for pause in silences(lines)[1:-1]) == len(words)
    assert sum(pause > 0.1 for pause in silences(line)[1:-1]) == 0
    assert len(lines) == pytest.approx(len(sentences), rel=0.05)


def test_what_is_in_double_brackets_is_spoken(serve: Serve) -> None:
    server = serve(espeak_engine())
    text = "Read [[Project Plan]] today."
    spoken = samples(server.speak(text, voice="en-us").raise_for_status().content)
    plain = samples(server.speak("Read Project Plan today.", voice="en-us").raise_for_status().content)
    assert len(spoken) >= len(plain)
    code = server.speak("Say [[h@l'oU]].", voice="en-us", engine_options={"phonemes": True}).raise_for_status().content
    assert code == server.speak("Say hello.", voice="en-us").raise_for_status().content
