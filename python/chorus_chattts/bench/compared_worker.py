"""A worker that can also call `Chat.infer` directly: the same process, thread, weights and parameters. See `cost`."""

import json
import time
from collections.abc import Iterator

import numpy as np

from chorus_chattts.engine import ChatTTSEngine
from chorus_worker import Audio, Context, Job, serve


class ComparedEngine(ChatTTSEngine):
    """The option `way` is `engine`, `direct` or `direct stream`. A direct way tells its times in a note, as JSON."""

    options = (*ChatTTSEngine.options, "way")

    def load(self, context: Context) -> None:
        """Also makes the `Chat` that is called directly."""
        from plain import sharing

        super().load(context)
        self._plain = sharing(self._model)

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Speaks in the way that the job asks for."""
        options = dict(job.options)
        way = options.pop("way")
        job.options = options
        return super().synthesize(job) if way == "engine" else self._directly(job, stream=way == "direct stream")

    def _directly(self, job: Job, stream: bool) -> Iterator[Audio]:
        from plain import speak

        speaker = self._speakers.of(job.voice, None, {})
        start, cpu_start = time.perf_counter(), time.process_time()
        first, chunks = 0.0, []
        for chunk in speak(self._plain, job.text, seed=job.seed or 0, stream=stream, **speaker, **job.options):
            first = first or time.perf_counter() - start
            chunks.append(chunk)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu_start
        job.note(json.dumps({"wall": wall, "cpu": cpu, "first": first}))
        yield np.concatenate(chunks)


if __name__ == "__main__":
    serve(ComparedEngine)
