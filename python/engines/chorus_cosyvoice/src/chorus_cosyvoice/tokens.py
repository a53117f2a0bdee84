"""The thread on which CosyVoice makes tokens, kept in hand.

`CosyVoice….inference_…` starts a thread for each piece of a text. It appends the tokens of `model.llm.inference` to a
list; meanwhile the caller's thread turns them into sound with `model.token2wav`. Left to itself (as of commit ace7c47),

- closing the generator leaves the thread at work, beside the next job, to the end of the text, and its lists for ever;
- if the thread fails, a stream waits for its end for ever, and speech that is not streamed is cut short without a word.

So these two methods, and nothing else, are replaced on the loaded model.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chorus_worker import Job

_TABLES = ("tts_speech_token_dict", "llm_end_dict", "hift_cache_dict", "mel_overlap_dict", "flow_cache_dict")
"""What CosyVoice remembers of a text until it has been spoken to its end; the last two are version 1's."""


class Abandoned(Exception):  # noqa: N818
    """The job was cancelled. The SDK knows, and does not ask how it ends."""


class TokenThread:
    """Sees to it that the thread ends when its job does, and that its failure is the job's."""

    def __init__(self, model: Any) -> None:
        """`model` is `CosyVoice….model`."""
        self._model = model
        self._inference = model.llm.inference
        self._token2wav = model.token2wav
        self._job = _NOBODYS
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        model.llm.inference = self._make_tokens
        model.token2wav = self._make_sound

    @contextmanager
    def working_for(self, job: Job) -> Iterator[None]:
        """Within it CosyVoice may be called; after it no thread runs, and nothing is left behind."""
        self._job = job
        try:
            yield
        finally:
            self._job = _NOBODYS
            if self._thread is not None:
                self._thread.join()
            self._thread = self._error = None
            for name in _TABLES:
                getattr(self._model, name, {}).clear()

    def _make_tokens(self, *arguments: Any, **keywords: Any) -> Iterator[Any]:
        """On the thread: ends early, and always as if it were the end of the text."""
        self._thread = threading.current_thread()
        try:
            for token in self._inference(*arguments, **keywords):
                if self._job.cancelled:
                    return
                self._job.progress()
                yield token
        except Exception as error:
            self._error = error

    def _make_sound(self, *arguments: Any, **keywords: Any) -> Any:
        """On the caller's thread: the last thing that CosyVoice calls, and it calls it always."""
        if self._error is not None:
            raise self._error
        if self._job.cancelled:
            raise Abandoned
        return self._token2wav(*arguments, **keywords)


_NOBODYS = Job("")
_NOBODYS.cancel()
