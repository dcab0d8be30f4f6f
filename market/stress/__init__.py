"""What positions go through in a move: margin left, what is closed by force and in which order, and the cascade model.

Every asset moves by the same fraction times its stated beta; the path from now to there is straight, and nothing is
added, paid or closed by choice on it. An isolated position has its own margin. The cross positions of one venue share
one wallet, the one stated last, as /size takes the equity of a cross position for the whole of it.
"""

from market.stress.closing import Closing
from market.stress.fallen import Fallen, cascade_of
from market.stress.held import Held, Market, Wallet, held_of, wallets_of
from market.stress.scenario import FALLS, RISES, Outcome, Scenario, Stress, WalletLeft, stress

__all__ = [
    "FALLS",
    "RISES",
    "Closing",
    "Fallen",
    "Held",
    "Market",
    "Outcome",
    "Scenario",
    "Stress",
    "Wallet",
    "WalletLeft",
    "cascade_of",
    "held_of",
    "stress",
    "wallets_of",
]
