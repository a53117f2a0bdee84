"""Listens to answers with other people's programs: ffmpeg, ffprobe, espeak-ng."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 24_000
FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"]
"""The formats of OpenAI's speech API."""

PROBE_NAMES = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav"}
"""What ffprobe calls the containers."""

_STRICT = ["-v", "warning", "-xerror"]
_PCM_INPUT = ["-f", "s16le", "-ar", str(RATE), "-ac", "1"]


def samples(pcm: bytes) -> Samples:
    """16-bit little-endian samples as numbers."""
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def seconds(pcm: bytes) -> float:
    """How long 24 kHz mono pcm plays."""
    return len(pcm) / 2 / RATE


def decode(audio: bytes, audio_format: str, rate: int = RATE) -> bytes:
    """Decodes a whole answer to pcm, as a player does that reads a stream. A warning is an error.

    Not so for a wav of unknown length: ffmpeg warns of each that ends within a packet of 4 KiB, and plays it.
    """
    given = _PCM_INPUT if audio_format == "pcm" else []
    is_open = audio_format == "wav" and audio[42:44] == b"\xff\xff"
    output = ["-guess_layout_max", "0", "-i", "pipe:0", "-ar", str(rate), "-ac", "1", "-f", "s16le"]
    return _ffmpeg(audio, *given, *output, strictness=["-v", "error"] if is_open else _STRICT)


def resample(pcm: bytes, rate: int) -> bytes:
    """Brings mono pcm of another rate to 24 kHz."""
    return _ffmpeg(
        pcm,
        "-f",
        "s16le",
        "-ar",
        str(rate),
        "-ac",
        "1",
        "-guess_layout_max",
        "0",
        "-i",
        "pipe:0",
        "-ar",
        str(RATE),
        "-f",
        "s16le",
    )


def decode_file(path: Path) -> bytes:
    """Decodes a file to pcm, as a player does that may go to and fro in it. A warning is an error."""
    return _ffmpeg(b"", "-guess_layout_max", "0", "-i", str(path), "-ar", str(RATE), "-ac", "1", "-f", "s16le")


def _ffmpeg(audio: bytes, *arguments: str, strictness: list[str] = _STRICT) -> bytes:
    command = ["ffmpeg", "-nostdin", *strictness, *arguments, "pipe:1"]
    done = subprocess.run(command, input=audio, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return done.stdout


def container(path: Path) -> str:
    """What ffprobe takes a file for."""
    return _probe(path, "format_name")


def duration(path: Path) -> float:
    """How long ffprobe says that a file is, in seconds."""
    return float(_probe(path, "duration"))


def _probe(path: Path, entry: str) -> str:
    command = ["ffprobe", "-v", "error", "-show_entries", f"format={entry}", "-of", "csv=p=0", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def espeak(text: str, voice: str) -> tuple[bytes, int]:
    """What the `espeak-ng` program makes of a text: pcm, and its sample rate."""
    done = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True)
    header, audio = done.stdout[:44], done.stdout[44:]
    assert header[:4] == b"RIFF"
    assert header[36:40] == b"data"
    return audio, int.from_bytes(header[24:28], "little")


def correlation(left: Samples, right: Samples, lag: int = RATE // 50) -> float:
    """The best correlation of two recordings that start within `lag` samples of each other."""
    size = 1 << (len(left) + len(right)).bit_length()
    spectrum = np.fft.rfft(left, size) * np.conj(np.fft.rfft(right, size))
    products = np.fft.irfft(spectrum, size)
    best = max(products[: lag + 1].max(), products[-lag:].max())
    return float(best / np.sqrt(np.dot(left, left) * np.dot(right, right)))


def pitch(pcm: bytes) -> float:
    """The pitch of a voice in Hz: the strongest period between 60 and 300 Hz."""
    wave = samples(pcm)
    size = 1 << (2 * len(wave)).bit_length()
    autocorrelation = np.fft.irfft(np.abs(np.fft.rfft(wave, size)) ** 2, size)
    shortest, longest = RATE // 300, RATE // 60
    return float(RATE / (shortest + int(np.argmax(autocorrelation[shortest:longest]))))
