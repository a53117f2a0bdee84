"""A speech engine with Chorus's SDK: it sings a note for each character."""

from array import array
from collections.abc import Iterator, Sequence
from math import sin, tau

from chorus_worker import Audio, BadRequest, Context, Engine, Job, Voice, serve


class Singer(Engine):
    """Loads a "model", the frequencies of two octaves, and sings with it."""

    name = "singer"
    sample_rate = 24_000
    deterministic = True
    options = ("volume",)
    seeded = False

    def load(self, context: Context) -> None:
        """What takes seconds and gigabytes in a real engine goes here."""
        print(f"loading on {context.device}")  # A line in Chorus's log.
        self.notes = [220 * 2 ** (n / 12) for n in range(24)]

    def voices(self) -> Sequence[Voice]:
        """Those of `info`, and of GET /v1/audio/voices."""
        return [Voice("alto", languages=("en", "zh"))]

    def synthesize(self, job: Job) -> Iterator[Audio]:
        """A tenth of a second for each character, sent as soon as it has been sung."""
        volume = job.options.get("volume", 0.5)
        if not isinstance(volume, (int, float)) or not 0 <= volume <= 1:
            raise BadRequest("volume must be a number from 0 to 1")
        for character in job.text:
            if job.cancelled:
                return
            step = tau * self.notes[ord(character) % len(self.notes)] / self.sample_rate
            yield array("h", [round(32767 * volume * sin(step * n)) for n in range(self.sample_rate // 10)]).tobytes()


if __name__ == "__main__":
    serve(Singer)
