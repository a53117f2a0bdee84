"""The engine on Chorus's SDK."""

from collections.abc import Iterator

import engine
from chorus_worker import Audio, Engine, Job, serve


class Peer(Engine):
    """One of those that are compared."""

    name = "peer"
    sample_rate = engine.RATE
    options = ()
    seeded = False

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """All of it at once."""
        yield engine.speak(job.text)


if __name__ == "__main__":
    serve(Peer)
