"""What a worker says of itself."""

from __future__ import annotations

from chorus_worker.engine import Engine
from chorus_worker.failures import EngineFault
from chorus_worker.frames import Event

MAX_SLOTS = 256
"""As many as the gateway opens connections for."""


def info_of(engine: Engine) -> Event:
    """Wyoming's `info` with Chorus's own object in it. Raises EngineFault if the engine says what cannot be."""
    if not 1 <= engine.slots <= MAX_SLOTS:
        raise EngineFault(f"the engine has {engine.slots} slots; it may have 1 to {MAX_SLOTS}")
    name, url = engine.attribution
    about = {"attribution": {"name": name, "url": url}, "installed": True, "version": engine.version}
    voices = [
        {**about, "name": voice.name, "description": voice.description, "languages": list(voice.languages)}
        for voice in engine.voices()
    ]
    if not voices:
        raise EngineFault("the engine has no voices; it needs at least one")
    program = {**about, "name": engine.name, "description": engine.description, "voices": voices}
    chorus = {
        "slots": engine.slots,
        "cancel": True,
        "deterministic": engine.deterministic,
        "make_voice": type(engine).make_voice is not Engine.make_voice,
    }
    return Event("info", {"tts": [program], "chorus": chorus})
