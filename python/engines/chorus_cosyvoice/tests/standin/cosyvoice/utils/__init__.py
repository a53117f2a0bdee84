"""As in CosyVoice."""
