"""CosyVoice as an engine of Chorus."""
