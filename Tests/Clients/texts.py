"""Texts that several tests speak."""

SENTENCE = "The quick brown fox jumps over the lazy dog."


def sentences(count: int) -> str:
    """So many sentences, no two alike."""
    return " ".join(f"This is sentence number {n}, and it says nothing new." for n in range(1, count + 1))
