"""What a worker says of itself."""

from __future__ import annotations

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from chorus_worker.engine import Engine
from chorus_worker.failures import EngineFault

MAX_SLOTS = 256
"""As many as the gateway opens connections for."""


def info_of(engine: Engine) -> Event:
    """Wyoming's `info` with Chorus's own object in it. Raises EngineFault if the engine says what cannot be."""
    if not 1 <= engine.slots <= MAX_SLOTS:
        raise EngineFault(f"the engine has {engine.slots} slots; it may have 1 to {MAX_SLOTS}")
    attribution = Attribution(*engine.attribution)
    voices = [
        TtsVoice(voice.name, attribution, True, voice.description, engine.version, list(voice.languages))
        for voice in engine.voices()
    ]
    if not voices:
        raise EngineFault("the engine has no voices; it needs at least one")
    program = TtsProgram(engine.name, attribution, True, engine.description, engine.version, voices)
    event = Info(tts=[program]).event()
    event.data["chorus"] = {
        "slots": engine.slots,
        "cancel": True,
        "deterministic": engine.deterministic,
        "make_voice": type(engine).make_voice is not Engine.make_voice,
    }
    return event
