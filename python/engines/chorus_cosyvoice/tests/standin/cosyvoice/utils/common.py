"""The one function of CosyVoice's utilities that the engine calls."""

import random


def set_all_random_seed(seed: int) -> None:
    """Seeds the numbers that both threads of the stand-in draw from, like PyTorch's generator in CosyVoice."""
    random.seed(seed)
