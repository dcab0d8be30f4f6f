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

TOLD = f"{VERSION}:alerts:told"
"""A hash: alert identity to an alert of a cascade or regime that began or grew worse, for a year."""

TOLD_BY_TIME = f"{VERSION}:alerts:told:by-time"
"""Like `ALERTS_BY_TIME`, of `TOLD`."""

APPLIED = f"{VERSION}:watched:applied"
"""Which setting the watched assets were last made from."""

LISTED = f"{VERSION}:listed"
"""Every asset that some venue lists."""

SOURCES = f"{VERSION}:sources"
"""How each venue stands."""

PASTS = f"{VERSION}:pasts"
"""A hash: asset to how far its past has been read."""


TIERS = f"{VERSION}:tiers"
"""A hash: venue and asset to the maintenance brackets as last told."""


def snapshot(asset: Asset) -> str:
    """The last snapshot of `asset`."""
    return f"{VERSION}:snapshot:{asset}"


def history(scope: str, asset: Asset) -> str:
    """A hash: `state` (the checkpoint), `base` (its sequence number), `last` (that of the last step) and `beside` (see History)."""
    return f"{VERSION}:history:{scope}:{asset}"


def hours(scope: str, asset: Asset) -> str:
    """A hash: `hours` (the closed hours), `last_close_ms` (when the newest closed), `stamp` (another one where they differ)."""
    return f"{VERSION}:hours:{scope}:{asset}"


def backtest(scope: str, asset: Asset) -> str:
    """What the closed hours of `asset` would have been warned of."""
    return f"{VERSION}:backtest:{scope}:{asset}"


def steps(scope: str, asset: Asset) -> str:
    """A list: the steps base + 1 to last of `history`."""
    return f"{VERSION}:history:{scope}:{asset}:steps"


CHATS = f"{VERSION}:chats"
"""A set: the addresses of all chats."""

CHATS_CHANGES = f"{VERSION}:chats:changes"
"""A bounded stream: the address of every chat that was changed."""

ANNOUNCED = f"{VERSION}:announced"
"""A sorted set: the transitions that were announced, by their time in milliseconds."""

BULLETINS = f"{VERSION}:bulletins"
"""A stream: alerts that nobody has been addressed with yet."""

CANARY_ANNOUNCED = f"{VERSION}:canary:announced"
"""Like `ANNOUNCED`, of the watchdog's canaries: the last ten minutes of them."""

CANARY_LOG = f"{VERSION}:canary:log"
"""Like `ALERTS`, of the watchdog's canaries: the last one."""

CANARY_BY_TIME = f"{VERSION}:canary:by-time"
"""Like `ALERTS_BY_TIME`, of the watchdog's canaries: the last one."""

SIGHT = f"{VERSION}:sight"
"""Until when the market was last seen (UTC ms)."""

SPELLS = f"{VERSION}:spells"
"""A list: from when to when the service was blind, the newest first."""

BATCH = f"{VERSION}:batch"
"""A hash: the batch that is being addressed (`id`, `entries`, `cursor`)."""

DEAD = f"{VERSION}:dead"
"""A hash: row key to a row that was given up, and why."""

DEAD_AT = f"{VERSION}:dead:at"
"""A sorted set: the keys of those rows by when they were given up (milliseconds)."""


PLANS_WATCHED = f"{VERSION}:plans:watched"
"""A hash: asset to when its plans were last watched (milliseconds)."""


def person(name: str) -> str:
    """A hash: `person` and its `version`."""
    return f"{VERSION}:person:{name}"


def holders(asset: Asset) -> str:
    """A set: the names of those who have plans in `asset`."""
    return f"{VERSION}:plans:{asset}"


def chat(address: str) -> str:
    """A hash: `chat` and its `version`."""
    return f"{VERSION}:chat:{address}"


def moved(address: str) -> str:
    """The address a chat has moved to."""
    return f"{VERSION}:moved:{address}"


def wave(address: str) -> str:
    """The live message of a chat, and what it says."""
    return f"{VERSION}:wave:{address}"


def hand(address: str) -> str:
    """The row that is being sent to a chat, so that no other worker writes there meanwhile."""
    return f"{VERSION}:hand:{address}"


def facts(batch: str) -> str:
    """A hash: the alerts of a batch by their place in it."""
    return f"{VERSION}:facts:{batch}"


def outbox(platform: str, priority: int) -> str:
    """A stream: the rows of one platform and priority that are to be delivered."""
    return f"{VERSION}:outbox:{platform}:{priority}"


def later(platform: str) -> str:
    """A sorted set: keys of rows that wait, by when they are due (milliseconds)."""
    return f"{VERSION}:later:{platform}"


def later_rows(platform: str) -> str:
    """A hash: the rows of `later` by their key."""
    return f"{VERSION}:later:{platform}:rows"


def sending(platform: str) -> str:
    """A hash: row key to how often its sending began without a known end."""
    return f"{VERSION}:sending:{platform}"


def pace(bot: str) -> str:
    """A hash: the token bucket of one bot; below it those of its chats."""
    return f"{VERSION}:pace:{bot}"


RESTING = f"{VERSION}:resting"
"""A hash: until when (UTC ms) nothing is sent on a platform, by its bot."""


def memo(name: str) -> str:
    """A short text that is kept for a time."""
    return f"{VERSION}:memo:{name}"


def chain(asset: Asset) -> str:
    """The newest option chain of `asset`."""
    return f"{VERSION}:chain:{asset}"


def picture(key: str) -> str:
    """A picture that was drawn."""
    return f"{VERSION}:picture:{key}"


def lease(name: str) -> str:
    """Who alone does something now, as `TOKEN:HOLDER`."""
    return f"{VERSION}:lease:{name}"


def lease_token(name: str) -> str:
    """The token that a lease was last given with."""
    return f"{lease(name)}:token"


TOMBSTONES = f"{VERSION}:tombstones"
"""A hash: the mark of somebody who was forgotten to when that was (UTC ms)."""

SECRETS = f"{VERSION}:secrets"
"""A list: the secret under which the marks of `TOMBSTONES` are made, then those of stores that were restored into this one."""

FORGETTING = f"{VERSION}:forgetting"
"""A hash: an erasure that is under way, by a name that says nothing, to whom it is about."""


def limit(name: str) -> str:
    """A hash: how full the bucket of this name is (`tokens`), and when it was (`at`, milliseconds); gone in three minutes."""
    return f"{VERSION}:limit:{name}"


def warned_by(person: str) -> str:
    """A set: the addresses of the chats that a person had warned, for the limit of how many those may be."""
    return f"{VERSION}:warned-by:{person}"


SCHEMAS = f"{VERSION}:schemas"
"""A hash: the highest number of each kind that was ever written here (`store.schemas`)."""
