"""Everything the author of a speech engine needs: describe the engine in a class, and `serve` it.

The engine becomes a worker process that speaks Wyoming on a socket, which is what Chorus
starts, watches and feeds. See docs/WORKERS.md.
"""

from chorus_worker.engine import Context, Engine, Finding, Voice, VoiceRecipe
from chorus_worker.failures import BadRequest, NothingToSay, OutOfMemory
from chorus_worker.job import Job
from chorus_worker.options import check_names
from chorus_worker.serving import serve
from chorus_worker.values import JSON, Audio

__all__ = [
    "JSON",
    "Audio",
    "BadRequest",
    "Context",
    "Engine",
    "Finding",
    "Job",
    "NothingToSay",
    "OutOfMemory",
    "Voice",
    "VoiceRecipe",
    "check_names",
    "serve",
]
