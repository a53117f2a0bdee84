"""A speech engine made of the `wyoming` package and nothing of Chorus: it sings every text on one note."""

import asyncio
import math
import sys
from array import array

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

RATE = 24_000
AUTHOR = Attribution("Chorus", "https://example.org")
VOICE = TtsVoice("note", AUTHOR, installed=True, description="One note", version="1", languages=["en"])
INFO = Info(tts=[TtsProgram("plain", AUTHOR, installed=True, description="Sings", version="1", voices=[VOICE])])


def sing(text: str) -> bytes:
    """480 samples (20 ms) of 440 Hz for each character."""
    return array("h", [round(8000 * math.sin(math.tau * 440 * n / RATE)) for n in range(480 * len(text))]).tobytes()


class Singer(AsyncEventHandler):
    """One connection: describes itself, and answers one text after another."""

    async def handle_event(self, event: Event) -> bool:
        """Answers one event, and keeps the connection."""
        if Describe.is_type(event.type):
            await self.write_event(INFO.event())
        elif Synthesize.is_type(event.type):
            audio = sing(Synthesize.from_event(event).text)
            for part in AudioStart(RATE, 2, 1), AudioChunk(RATE, 2, 1, audio), AudioStop():
                await self.write_event(part.event())
        return True


if __name__ == "__main__":
    asyncio.run(AsyncServer.from_uri(sys.argv[sys.argv.index("--uri") + 1]).run(Singer))
