"""A stand-in of the shape of CosyVoice's inference API, without a model and without PyTorch."""
