"""What a reader who is not there would ask: before, during and after the sell-off, and once in error."""

from collections.abc import Callable
from dataclasses import dataclass

from market.snapshot import Snapshot
from market.table import State

SELLING = frozenset({State.UNWINDING, State.CAPITULATION})
EASING = frozenset({State.DIGESTING, State.STABILISING, State.HEALTHY})

LOOK_ROUND = ("/regime", "/why", "/size BTC 5x 10k", "/check")
UNDER_FIRE = ("/liq", "/funding", "/hedge BTC 50k 30d")
AFTERWARDS = ("/oi", "/skew")
HELD = "/plan BTC 5x long 10k line=60,000"


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines to type, once it is `due`."""

    due: Callable[[State], bool]
    lines: tuple[str, ...]


SCENES = (
    Scene(lambda _: True, (*LOOK_ROUND, HELD, "/status")),
    Scene(lambda state: state in SELLING, (*LOOK_ROUND, *UNDER_FIRE, "/positions")),
    Scene(lambda _: True, ("/size btc banana",)),
    Scene(lambda state: state in EASING, (*LOOK_ROUND, *AFTERWARDS, "/positions")),
)


class Script:
    """The scenes in their order, each played once; what never came due is played at the end."""

    def __init__(self) -> None:
        self._left = list(SCENES)

    def due(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The lines to type now: at most one scene at a time, so that the market moves on between them."""
        if self._left and self._left[0].due(snapshot.regime.state):
            return self._left.pop(0).lines
        return ()

    def rest(self) -> tuple[str, ...]:
        """The lines of the scenes that never came due, such as those of a sell-off that did not happen."""
        lines = tuple(line for scene in self._left for line in scene.lines)
        self._left.clear()
        return lines
