"""Measurements of Seawall against named references: correct first, then fast; run as `python -m benchmarks.NAME`."""
