"""What may be said behind a call's options, beside what their types say; a wrong one is refused by its name.

What that needs is imported inside, so that `seawall demo` speaks at once.
"""

import math

import typer


def insist_on_speed(speed: float | None) -> None:
    """Raise BadParameter where this is no number of market minutes a second."""
    if speed is not None and not (math.isfinite(speed) and 0 < speed <= 100_000):
        raise typer.BadParameter(
            "must be above 0 and at most 100000 (minutes a second)", param_hint="--speed"
        )


def insist_on_scenario(scenario: str) -> None:
    """Raise BadParameter where the simulator plays no such thing."""
    from scheduler.simulator.story import Scenario

    if scenario not in set(Scenario):
        raise typer.BadParameter(f"{scenario!r} is none of {', '.join(Scenario)}", param_hint="--scenario")
