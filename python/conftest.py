"""Imports our packages before pytest looks at their tests.

In its `importlib` mode pytest takes the directory `chorus_worker`, in which `tests` is, for a package of that name,
unless there is one already.
"""

from contextlib import suppress
from importlib import import_module

for name in "chorus_worker", "chorus_chattts", "chorus_cosyvoice":
    with suppress(ModuleNotFoundError):  # What an engine is made of need not be installed to test another one.
        import_module(name)
