"""Every key of the store, in one place. The prefix is the version of this list; values carry their own schema number."""

from market.observations import Asset

VERSION = "v1"

WATCHED = f"{VERSION}:watched"
"""The watched assets, in the operator's order."""

FEED = f"{VERSION}:feed"
"""A hash: `status` as last saved, `written_at_ms` by the server's clock."""

ALERTS = f"{VERSION}:alerts"
"""A hash: alert identity to alert."""

ALERTS_BY_TIME = f"{VERSION}:alerts:by-time"
"""A sorted set: alert identity by the alert's time in milliseconds."""


def snapshot(asset: Asset) -> str:
    """The last snapshot of `asset`."""
    return f"{VERSION}:snapshot:{asset}"


def history(scope: str, asset: Asset) -> str:
    """A hash: `state` (the checkpoint), `base` (its sequence number) and `last` (that of the last step)."""
    return f"{VERSION}:history:{scope}:{asset}"


def steps(scope: str, asset: Asset) -> str:
    """A list: the steps base + 1 to last of `history`."""
    return f"{VERSION}:history:{scope}:{asset}:steps"
