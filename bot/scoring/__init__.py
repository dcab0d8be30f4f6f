"""`seawall score`: what alerts, this program's or another's, were worth on recorded markets."""

from bot.scoring.scoring import score_files

__all__ = ["score_files"]
