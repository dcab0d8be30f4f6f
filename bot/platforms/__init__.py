"""The chat platforms: one package each, found by its entry PLATFORM."""
