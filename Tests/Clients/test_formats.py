"""Every format, streamed or not, is read by ffmpeg without a warning."""

import struct
from pathlib import Path

import pytest

from audio import FORMATS, PROBE_NAMES, container, decode, seconds
from server import Server
from texts import SENTENCE, sentences

TEXTS = {
    "one sentence": SENTENCE,
    "many sentences": sentences(15),
}


@pytest.mark.parametrize("length", TEXTS)
@pytest.mark.parametrize("audio_format", FORMATS)
def test_ffmpeg_reads_it_without_a_warning(
    espeak_server: Server, tmp_path: Path, audio_format: str, length: str
) -> None:
    text = TEXTS[length]
    pcm = espeak_server.speak(text, model="espeak").raise_for_status().content
    answer = espeak_server.speak(text, model="espeak", response_format=audio_format).raise_for_status()
    assert seconds(decode(answer.content, audio_format)) == pytest.approx(seconds(pcm), rel=0.02, abs=0.15)
    if audio_format in PROBE_NAMES:
        file = tmp_path / f"speech.{audio_format}"
        file.write_bytes(answer.content)
        assert container(file) == PROBE_NAMES[audio_format]


def test_wav_says_its_true_length_when_it_is_known(espeak_server: Server) -> None:
    wav = espeak_server.speak(TEXTS["one sentence"], model="espeak", response_format="wav").raise_for_status().content
    riff_bytes, data_bytes = struct.unpack_from("<4xI32xI", wav)
    assert (riff_bytes, data_bytes) == (len(wav) - 8, len(wav) - 44)


def test_pcm_is_what_openai_makes(espeak_server: Server) -> None:
    answer = espeak_server.speak("Hello.", model="espeak").raise_for_status()
    assert answer.headers["content-type"] == "audio/pcm;rate=24000;channels=1"
    assert len(answer.content) % 2 == 0
