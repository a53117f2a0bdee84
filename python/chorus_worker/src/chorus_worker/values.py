"""The types of what goes in and out of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

JSON: TypeAlias = Any
"""A value that JSON can carry: None, bool, int, float, str, or a list or dict of such."""

Audio: TypeAlias = "bytes | npt.NDArray[np.floating[Any]] | npt.NDArray[np.int16]"
"""A stretch of mono sound: 16-bit little-endian samples in bytes, or a one-dimensional numpy array of int16, or of
floats, of which -1 to 1 is the full range; what lies outside is clipped."""
