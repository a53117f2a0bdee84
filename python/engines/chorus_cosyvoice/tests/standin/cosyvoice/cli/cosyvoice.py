"""The classes, signatures and habits of CosyVoice's `cli` package as of commit ace7c47; steps instead of speech.

Its habits are part of the shape: a thread makes tokens and is left alone when a generator is closed, a stream waits for
ever for a thread that failed, its hop grows from text to text, a remembered recording hides an instruction.

Each call is written to standard output, a line of JSON. What a text makes it do: `∞` never ends, `☠` breaks the thread
that makes tokens, `。` ends a piece.
"""

import json
import logging
import os
import random
import threading
import time
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES_PER_TOKEN = 960
TOKENS_PER_CHARACTER = 2
FIRST_HOP = 4
MAX_HOP = 16


class Tensor:
    """As much of a tensor as a caller of CosyVoice sees."""

    def __init__(self, values: Any) -> None:
        """`values`: an array of shape (1, n)."""
        self._values = np.asarray(values, dtype=np.float32)
        self.shape = self._values.shape

    def numpy(self) -> Any:
        """As PyTorch's."""
        return self._values


class LanguageModel:
    """Makes tokens of a text: the code of its character, a little of chance."""

    def inference(self, text: str, uuid: str) -> Iterator[float]:  # noqa: ARG002
        """Yields token by token."""
        for character in text:
            if character == "☠":
                raise MemoryError("the card is full")
            while character == "∞":
                time.sleep(0.001)
                yield 0.5
            for _ in range(TOKENS_PER_CHARACTER):
                yield ord(character) % 128 / 256 + 0.001 * random.random()


class CosyVoice2Model:
    """The threads and tables of `tts`."""

    def __init__(self) -> None:
        """As after loading."""
        self.llm = LanguageModel()
        self.token_hop_len = FIRST_HOP
        self.tts_speech_token_dict: dict[str, list[float]] = {}
        self.llm_end_dict: dict[str, bool] = {}
        self.hift_cache_dict: dict[str, Any] = {}

    def llm_job(self, text: str, uuid: str) -> None:
        """The thread's work."""
        for token in self.llm.inference(text=text, uuid=uuid):
            self.tts_speech_token_dict[uuid].append(token)
        self.llm_end_dict[uuid] = True

    def token2wav(self, token: list[float], loudness: float, finalize: bool = False, speed: float = 1.0) -> Tensor:
        """Each token is a step of `SAMPLES_PER_TOKEN` equal samples, a little of chance in it."""
        del finalize
        steps = np.array([each + loudness + 0.001 * random.random() for each in token])
        return Tensor(np.repeat(steps, int(SAMPLES_PER_TOKEN / speed))[np.newaxis])

    def tts(self, text: str, loudness: float, stream: bool = False, speed: float = 1.0) -> Iterator[dict[str, Tensor]]:
        """Starts the thread, and yields what comes of its tokens."""
        uuid = str(time.monotonic_ns())
        self.tts_speech_token_dict[uuid], self.llm_end_dict[uuid] = [], False
        thread = threading.Thread(target=self.llm_job, args=(text, uuid), name="llm")
        thread.start()
        offset = 0
        while stream:
            time.sleep(0.01)
            tokens = self.tts_speech_token_dict[uuid]
            hop = self.token_hop_len
            if len(tokens) - offset >= hop:
                yield {"tts_speech": self.token2wav(tokens[offset : offset + hop], loudness)}
                offset += hop
                self.token_hop_len = min(MAX_HOP, 2 * hop)
            if self.llm_end_dict[uuid] is True and len(tokens) - offset < self.token_hop_len:
                break
        thread.join()
        rest = self.tts_speech_token_dict[uuid][offset:]
        yield {"tts_speech": self.token2wav(rest, loudness, finalize=True, speed=1.0 if stream else speed)}
        del self.tts_speech_token_dict[uuid], self.llm_end_dict[uuid]


class CosyVoiceFrontEnd:
    """Speakers and pieces of texts."""

    def __init__(self, speakers: Path) -> None:
        """`speakers`: a name a line; nobody if there is no such file."""
        names = speakers.read_text().split() if speakers.exists() else []
        self.spk2info = {name: {"embedding": 0.01 * number} for number, name in enumerate(names)}

    def text_normalize(self, text: str, text_frontend: bool = True) -> list[str]:
        """Its pieces, but for those without a letter."""
        if not text_frontend or text == "":
            return [text]
        return [piece + "。" for piece in text.split("。") if any(map(str.isalnum, piece)) or set(piece) & set("∞☠")]

    def loudness(self, prompt_text: str, prompt_wav: str, speaker: str) -> float:
        """What is known of a speaker: from a recording, or as it was remembered."""
        if speaker:
            return self.spk2info[speaker]["llm_embedding"]
        with wave.open(prompt_wav) as file:
            assert file.getframerate() >= 16000
            assert file.getnframes() <= 30 * file.getframerate()
            samples = array("h", file.readframes(file.getnframes()))
        return float(np.abs(samples).mean()) / 32768 + 0.0001 * len(prompt_text)


class CosyVoice:
    """Version 1: no instructions in the voice of a recording."""

    def __init__(self, model_dir: str) -> None:
        """Says what it sees of the machine."""
        tell(loaded=model_dir, cards=os.environ.get("CUDA_VISIBLE_DEVICES"))
        self.model_dir = model_dir
        self.frontend = CosyVoiceFrontEnd(Path(model_dir, "spk2info.pt"))
        self.sample_rate = 22050 if type(self) is CosyVoice else 24000
        self.model = CosyVoice2Model()

    def list_available_spks(self) -> list[str]:
        """All names."""
        return list(self.frontend.spk2info)

    def add_zero_shot_spk(self, prompt_text: str, prompt_wav: str, zero_shot_spk_id: str) -> bool:
        """Remembers a recording."""
        assert zero_shot_spk_id != "", "do not use empty zero_shot_spk_id"
        tell(call="add_zero_shot_spk", prompt_text=prompt_text, prompt_wav=prompt_wav)
        loudness = self.frontend.loudness(prompt_text, prompt_wav, "")
        self.frontend.spk2info[zero_shot_spk_id] = {"llm_embedding": loudness}
        return True

    def inference_sft(
        self, tts_text: str, spk_id: str, stream: bool = False, speed: float = 1.0, text_frontend: bool = True
    ) -> Iterator[dict[str, Tensor]]:
        """In the voice of a speaker of the model."""
        self._tell("inference_sft", tts_text, spk_id=spk_id, stream=stream, speed=speed, text_frontend=text_frontend)
        loudness = self.frontend.spk2info[spk_id]["embedding"]
        for piece in self.frontend.text_normalize(tts_text, text_frontend):
            yield from self.model.tts(piece, loudness, stream=stream, speed=speed)

    def inference_zero_shot(
        self,
        tts_text: str,
        prompt_text: str,
        prompt_wav: str,
        zero_shot_spk_id: str = "",
        stream: bool = False,
        speed: float = 1.0,
        text_frontend: bool = True,
    ) -> Iterator[dict[str, Tensor]]:
        """In the voice of a recording."""
        self._tell("inference_zero_shot", tts_text, stream=stream, speed=speed, text_frontend=text_frontend)
        for piece in self.frontend.text_normalize(tts_text, text_frontend):
            loudness = self.frontend.loudness(prompt_text, prompt_wav, zero_shot_spk_id)
            yield from self.model.tts(piece, loudness, stream=stream, speed=speed)

    def _tell(self, call: str, text: str, **arguments: Any) -> None:
        logging.info("synthesis text %s", text)  # By the root logger, like CosyVoice.
        threads = sum(thread.name == "llm" for thread in threading.enumerate())
        left = len(self.model.tts_speech_token_dict) + len(self.model.llm_end_dict)
        tell(call=call, text=text, **arguments, hop=self.model.token_hop_len, threads=threads, left=left)


class CosyVoice2(CosyVoice):
    """Follows instructions."""

    def inference_instruct2(
        self,
        tts_text: str,
        instruct_text: str,
        prompt_wav: str,
        zero_shot_spk_id: str = "",
        stream: bool = False,
        speed: float = 1.0,
        text_frontend: bool = True,
    ) -> Iterator[dict[str, Tensor]]:
        """In the voice of a recording, in the way that is told; a remembered recording hides what is told."""
        heard = "" if zero_shot_spk_id else instruct_text
        self._tell("inference_instruct2", tts_text, instruct_text=heard, stream=stream, speed=speed)
        for piece in self.frontend.text_normalize(tts_text, text_frontend):
            loudness = self.frontend.loudness(instruct_text, prompt_wav, zero_shot_spk_id)
            yield from self.model.tts(piece, loudness, stream=stream, speed=speed)


class CosyVoice3(CosyVoice2):
    """Its prompts differ."""


def AutoModel(**kwargs: Any) -> CosyVoice:  # noqa: N802
    """Chooses by what is in the directory."""
    for name, version in ("cosyvoice", CosyVoice), ("cosyvoice2", CosyVoice2), ("cosyvoice3", CosyVoice3):
        if os.path.exists(f"{kwargs['model_dir']}/{name}.yaml"):
            return version(**kwargs)
    raise TypeError("No valid model type found!")


def tell(**facts: Any) -> None:
    """Writes a line."""
    print(json.dumps(facts), flush=True)
