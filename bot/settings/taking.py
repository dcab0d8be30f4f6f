"""What a reload may change in the settings of a process that runs, and what has to wait until it starts again."""

from dataclasses import dataclass

from bot.environment import PREFIX
from bot.settings.fields import Settings, told


@dataclass(frozen=True, slots=True)
class Difference:
    """Variables whose values are other ones now: those a reload takes, and those that need a restart."""

    taken: tuple[str, ...]
    waiting: tuple[str, ...]


def difference(now: Settings, newer: Settings) -> Difference:
    """What of `newer` is other than `now`."""
    changed = [name for name in Settings.model_fields if getattr(now, name) != getattr(newer, name)]
    taken = [name for name in changed if reloads(name)]
    return Difference(
        tuple(PREFIX + name.upper() for name in taken),
        tuple(PREFIX + name.upper() for name in changed if name not in taken),
    )


def take(now: Settings, newer: Settings) -> None:
    """Make of `now` what a reload may make of it, at once and for everybody who holds it.

    Settings are frozen: nobody changes one on the way. This is the one place that does, so that whoever reads a setting where it is
    needed reads the present one, and nothing has to be handed round anew.
    """
    values = now.__dict__
    values.update({name: getattr(newer, name) for name in Settings.model_fields if reloads(name)})


def reloads(name: str) -> bool:
    """Whether a reload takes this setting."""
    return bool(told(Settings.model_fields[name])["reloads"])
