"""Audio whose end can be waited for: other programs find the true length in it, and nothing behind the last sample."""

import hashlib
import signal
import stat
import subprocess
import wave
from pathlib import Path

import pytest

from audio import FORMATS, RATE, decode, decode_file, duration, seconds
from conftest import Serve
from server import BIN, Server, chorus, clean_environment, fake_engine, wait_until, write_configuration
from texts import SENTENCE, sentences

TEXTS = {"one word": "Hello.", "one sentence": SENTENCE, "many sentences": sentences(8)}

EXACT = {"wav": 0.0001, "flac": 0.0001, "m4a": 0.0001, "mp3": 0.1, "opus": 0.01, "aac": 0.1, "ogg": 0.01}
"""How far from the truth the length may be that ffprobe finds. Frames of mp3 and aac are whole."""


def spoken(text: str) -> bytes:
    """The samples of a text, from a pipe."""
    done = chorus("speak", text, "--format", "pcm")
    assert done.returncode == 0, done.stderr
    return done.output


def assert_finished(path: Path, pcm: bytes) -> None:
    """The file says how long it is, and is what the samples are."""
    kind = path.suffix.removeprefix(".")
    assert duration(path) == pytest.approx(seconds(pcm), abs=EXACT[kind])
    if kind == "wav":
        with wave.open(str(path)) as file:
            assert (file.getnframes(), file.getframerate()) == (len(pcm) // 2, RATE)
            assert file.readframes(file.getnframes()) == pcm
        assert path.stat().st_size == 44 + len(pcm)
    if kind == "flac":
        information = path.read_bytes()[8:42]
        assert int.from_bytes(information[10:18], "big") & 0xF_FFFF_FFFF == len(pcm) // 2
        assert information[18:] == hashlib.md5(pcm).digest()
        assert decode_file(path) == pcm
    if kind in ("mp3", "opus"):
        assert len(decode_file(path)) == len(pcm)


@pytest.mark.parametrize("length", TEXTS)
@pytest.mark.parametrize("audio_format", FORMATS)
def test_an_answer_that_is_not_streamed_is_a_finished_file(
    espeak_server: Server, tmp_path: Path, audio_format: str, length: str
) -> None:
    pcm = espeak_server.speak(TEXTS[length], model="espeak").raise_for_status().content
    answer = espeak_server.speak(TEXTS[length], model="espeak", response_format=audio_format, stream=False)
    assert answer.raise_for_status().headers["content-length"] == str(len(answer.content))
    if audio_format == "pcm":
        assert answer.content == pcm
        return
    path = tmp_path / f"speech.{audio_format}"
    path.write_bytes(answer.content)
    assert_finished(path, pcm)


@pytest.mark.parametrize("audio_format", ["wav", "pcm", "flac"])
def test_a_stream_ends_with_its_last_sample(espeak_server: Server, audio_format: str) -> None:
    text = TEXTS["many sentences"]
    pcm = espeak_server.speak(text, model="espeak").raise_for_status().content
    answer = espeak_server.speak(text, model="espeak", response_format=audio_format).raise_for_status()
    assert answer.headers["transfer-encoding"] == "chunked"
    assert decode(answer.content, audio_format) == pcm


def test_aac_is_as_long_as_players_guess(espeak_server: Server, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS.values()):
        pcm = espeak_server.speak(text, model="espeak").raise_for_status().content
        path = tmp_path / f"{number}.aac"
        path.write_bytes(espeak_server.speak(text, model="espeak", response_format="aac").raise_for_status().content)
        assert duration(path) == pytest.approx(seconds(pcm), abs=0.1)


def test_what_is_too_large_to_be_finished_is_refused(serve: Serve) -> None:
    server = serve(fake_engine(), limits={"max_file": "64KiB"})
    answer = server.speak(sentences(40), stream=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "audio_too_large")
    assert server.speak(sentences(40)).status_code == 200
    assert server.speak("Hello.", stream=False).status_code == 200


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.opus", "a.ogg", "a.aac", "a.m4a"])
def test_speak_writes_a_finished_file(tmp_path: Path, name: str) -> None:
    for text in (TEXTS["one word"], TEXTS["many sentences"]):
        done = chorus("speak", text, "-o", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert_finished(tmp_path / name, spoken(text))
        assert [path.name for path in tmp_path.iterdir()] == [name]


def test_speak_streams_into_a_pipe(tmp_path: Path) -> None:
    pcm = spoken(TEXTS["many sentences"])
    for output in ([], ["-o", "-"], ["-o", "/dev/stdout"]):
        done = chorus("speak", TEXTS["many sentences"], "--format", "wav", *output)
        assert (done.returncode, done.output[40:44]) == (0, b"\xdb\xff\xff\xff")
        assert done.output[44:] == pcm
    (tmp_path / "pipe.m4a").symlink_to("/dev/stdout")
    refused = chorus("speak", "Hello.", "-o", str(tmp_path / "pipe.m4a"))
    assert (refused.returncode, refused.output) == (1, b"")
    assert "m4a" in refused.stderr


def test_a_file_that_is_there_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    path.chmod(0o640)
    (tmp_path / "link.wav").symlink_to("a.wav")
    sleepy = {"name": "sleepy", "command": ["sh", "-c", "sleep 1000", "{uri}"]}
    configuration = write_configuration(tmp_path, [sleepy])
    command = [str(BIN / "chorus"), "speak", "Hello.", "-o", str(path), "--config", str(configuration)]
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=clean_environment(), text=True) as process:
            wait_until(lambda: any(tmp_path.glob(".chorus-*")), "it has begun")
            process.send_signal(number)
            assert process.wait(20) == 1
            assert process.stderr is not None
            assert "ended by" in process.stderr.read()
        assert path.read_bytes() == b"old"
        assert not list(tmp_path.glob(".chorus-*"))
    assert chorus("speak", "Hello.", "-o", str(tmp_path / "link.wav")).returncode == 0
    assert path.read_bytes()[:4] == b"RIFF"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "link.wav").is_symlink()
    assert not list(tmp_path.glob(".chorus-*"))
