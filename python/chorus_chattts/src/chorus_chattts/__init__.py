"""ChatTTS as an engine of Chorus."""
