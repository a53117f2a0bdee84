"""The ChatTTS worker on a device whose memory is full whenever a text says `memory`: the allocator only pretends."""

from collections.abc import Iterator
from typing import Any

from chorus_chattts.engine import ChatTTSEngine
from chorus_worker import Audio, Job, serve


class CrampedEngine(ChatTTSEngine):
    """Real until the model computes its first probabilities."""

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """Speaks, or finds no room for it."""
        import torch
        from torch.nn import functional

        def full(*_arguments: Any, **_options: Any) -> Any:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        softmax = functional.softmax
        if "memory" in job.text:
            functional.softmax = full
        try:
            yield from super().synthesize(job)
        finally:
            functional.softmax = softmax


if __name__ == "__main__":
    serve(CrampedEngine)
