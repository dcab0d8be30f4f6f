"""The settings: what whoever runs the program chose, read from the environment and its files, and nowhere else."""

from bot.settings.checks import EXCHANGES
from bot.settings.fields import SECRETS, Settings, state_directory
from bot.settings.reading import Misconfigured, read_settings

__all__ = ["EXCHANGES", "SECRETS", "Misconfigured", "Settings", "read_settings", "state_directory"]
