"""An independent oracle: what the gateway speaks is what the `espeak-ng` program speaks."""

import pytest

from audio import correlation, espeak, resample, samples
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
