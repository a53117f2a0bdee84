"""The engine that both servers serve: it takes a given time and does nothing in it, and returns a tenth of a second."""

import os
import time

RATE = 24_000
AUDIO = bytes(range(256)) * (RATE * 2 // 10 // 256)
SERVICE_SECONDS = float(os.environ.get("PEERS_SERVICE_SECONDS", "0"))


def speak(text: str) -> bytes:
    """The audio of any text: 16-bit samples, mono, neither silent nor at full scale."""
    if not text:
        raise ValueError("the text is empty")
    if SERVICE_SECONDS > 0:
        time.sleep(SERVICE_SECONDS)
    return AUDIO
