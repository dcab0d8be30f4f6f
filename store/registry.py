"""Every kind of key that the store may hold.

/privacy words what is told of people from here, /forget erases by it, and backup and restore go by it. A key that no
pattern here matches is a mistake, and a test finds it.
"""

from store import keys
from store.kept import ADDRESS, CHAT, NAME, Backup, Entry, Naming, Whose

HOUR_S, DAY_S = 3_600, 86_400
FORGOTTEN = "until it is forgotten"
DELIVERED = "until it is delivered, given up or out of date"
ONE_AN_ASSET = "one value an asset"

# fmt: off
OF_PEOPLE: tuple[Entry, ...] = (
    Entry(
        "person", keys.person(NAME), "hash", "own limits and the plans that were kept, under a version",
        Whose.PERSON, FORGOTTEN, backup=Backup.ALWAYS, names=Naming.BOTH, told="plans",
    ),
    Entry(
        "holders", keys.holders("<asset>"), "set", "who has plans in an asset",
        Whose.PERSON, "until the last plan in it is dropped", backup=Backup.ALWAYS, names=Naming.VALUE, told="plans",
    ),
    Entry(
        "chat", keys.chat(ADDRESS), "hash", "subscriptions, settings, mutes, and who changed them, under a version",
        Whose.CHAT, "until it is forgotten, or thirty days after it could be reached last", backup=Backup.ALWAYS, names=Naming.BOTH, told="chat",
    ),
    Entry(
        "chats", keys.CHATS, "set", "the addresses of all chats",
        Whose.CHAT, FORGOTTEN, backup=Backup.ALWAYS, names=Naming.VALUE, told="chat",
    ),
    Entry(
        "changes", keys.CHATS_CHANGES, "stream", "the addresses of the chats that were changed lately",
        Whose.CHAT, "the last 10,000, and a few more", names=Naming.VALUE, told="changes",
    ),
    Entry(
        "moved", keys.moved(ADDRESS), "string", "the address that a chat has moved to",
        Whose.CHAT, "90 days", 90 * DAY_S, Backup.ALWAYS, Naming.BOTH, told="moved",
    ),
    Entry(
        "wave", keys.wave(ADDRESS), "string", "the live message of a chat, and what it says",
        Whose.CHAT, "until the chat goes", backup=Backup.ALWAYS, names=Naming.BOTH, told="wave",
    ),
    Entry(
        "warned-by", keys.warned_by(NAME), "set", "the chats that a person had warned, for the limit of how many those may be",
        Whose.PERSON, "a year after the last of them", 366 * DAY_S, Backup.ALWAYS, Naming.BOTH, told="warned_by",
    ),
    Entry(
        "limit-of-person", keys.limit(f"person:{NAME}"), "hash", "how often a person may ask now",
        Whose.PERSON, "three minutes", 180, names=Naming.KEY, told="limits",
    ),
    Entry(
        "limit-of-chat", keys.limit(f"chat:{ADDRESS}"), "hash", "how often may be asked in a chat now",
        Whose.CHAT, "three minutes", 180, names=Naming.KEY, told="limits",
    ),
    Entry(
        "limit", keys.limit("<word>"), "hash", "how often all may ask now",
        Whose.SERVICE, "three minutes", 180,
    ),
    Entry(
        "greeted", keys.memo(f"telegram-greeted:<bot>:{CHAT}"), "string", "that a group was greeted",
        Whose.CHAT, "30 days", 30 * DAY_S, names=Naming.KEY, told="greeted",
    ),
    Entry(
        "above", keys.memo(f"telegram-above:{CHAT}:<message>"), "string", "which photo stands above which words",
        Whose.CHAT, "a day", DAY_S, names=Naming.KEY, told="above",
    ),
    Entry(
        "public", keys.memo(f"public:{CHAT}:<command>:<rest>"), "string", "where an answer for all was posted",
        Whose.CHAT, "a minute", 60, names=Naming.BOTH, told="public",
    ),
    Entry(
        "public-of-all", keys.memo(f"public:{CHAT}:<command>:"), "string", "the same of an answer on no asset",
        Whose.CHAT, "a minute", 60, names=Naming.BOTH, told="public",
    ),
    Entry(
        "tombstones", keys.TOMBSTONES, "hash", "marks of who was forgotten, and when: a restore leaves them out",
        Whose.SERVICE, "for good: a backup may be as old", backup=Backup.ALWAYS, told="mark",
    ),
    Entry(
        "secrets", keys.SECRETS, "list", "the secrets under which those marks are made",
        Whose.SERVICE, "for good", backup=Backup.ALWAYS, told="mark",
    ),
    Entry(
        "forgetting", keys.FORGETTING, "hash", "whom an erasure that is under way is about",
        Whose.PERSON, "seconds; an erasure that was broken off is taken up within the hour", names=Naming.VALUE, told="forgetting",
    ),
    Entry(
        "forget-code", keys.memo(f"forget:{NAME}"), "string", "the code by which /forget is confirmed",
        Whose.PERSON, "ten minutes", 600, names=Naming.BOTH, told="code",
    ),
)
"""Persons and chats, and what they asked for: it cannot be had again."""

OF_DELIVERY: tuple[Entry, ...] = (
    Entry(
        "facts", keys.facts("<batch>"), "hash", "the alerts, or the news of plans, that rows tell of",
        Whose.CHAT, "eight days", 8 * DAY_S, Backup.NEVER, Naming.KEY, told="news",
    ),
    Entry(
        "batch", keys.BATCH, "hash", "the batch that is being addressed, and how far",
        Whose.CHAT, "until all have their row", names=Naming.VALUE, told="on_the_way",
    ),
    Entry(
        "outbox", keys.outbox("<platform>", 0).removesuffix("0") + "<priority>", "stream", "the rows to be delivered",
        Whose.CHAT, DELIVERED, names=Naming.VALUE, told="on_the_way",
    ),
    Entry(
        "later", keys.later("<platform>"), "zset", "which rows wait until when",
        Whose.CHAT, DELIVERED, names=Naming.VALUE, told="on_the_way",
    ),
    Entry(
        "later-rows", keys.later_rows("<platform>"), "hash", "the rows that wait",
        Whose.CHAT, DELIVERED, names=Naming.VALUE, told="on_the_way",
    ),
    Entry(
        "sending", keys.sending("<platform>"), "hash", "rows whose sending began and has no known end",
        Whose.CHAT, DELIVERED, names=Naming.VALUE, told="on_the_way",
    ),
    Entry(
        "dead", keys.DEAD, "hash", "the rows that were given up, and why",
        Whose.CHAT, "the newest 1,000", names=Naming.VALUE, told="given_up",
    ),
    Entry(
        "dead-at", keys.DEAD_AT, "zset", "when they were given up",
        Whose.CHAT, "the newest 1,000", names=Naming.VALUE, told="given_up",
    ),
    Entry(
        "pace-of-chat", f"{keys.pace('<bot>')}:{ADDRESS}:<place>", "hash", "how fast a chat may be written to now",
        Whose.CHAT, "an hour", HOUR_S, names=Naming.KEY, told="pace",
    ),
    Entry(
        "hand", keys.hand(ADDRESS), "string", "the row that is being sent to a chat",
        Whose.CHAT, "as long as its sending takes", 60, names=Naming.BOTH, told="pace",
    ),
    Entry(
        "pace", keys.pace("<bot>"), "hash", "how fast a bot may write now",
        Whose.SERVICE, "an hour, or as long as it has to rest", HOUR_S,
    ),
    Entry(
        "pace-of-second", f"{keys.pace('<bot>')}:second", "list", "when a bot wrote in the last second",
        Whose.SERVICE, "an hour", HOUR_S,
    ),
    Entry(
        "resting", keys.RESTING, "hash", "until when nothing is sent on a platform",
        Whose.SERVICE, "one value a platform",
    ),
    Entry(
        "line", keys.memo("line:<rest>"), "string", "a command line too long for its button, without whose it is",
        Whose.SERVICE, "30 days", 30 * DAY_S, told="line",
    ),
    Entry(
        "update", keys.memo("telegram-update:<bot>:<number>"), "string", "that an update was answered",
        Whose.SERVICE, "two days", 2 * DAY_S,
    ),
    Entry(
        "turn", keys.memo("telegram-turn:<bot>"), "string", "which process asks Telegram for updates",
        Whose.SERVICE, "75 seconds", 75,
    ),
    Entry(
        "file", keys.memo("telegram-file:<bot>:<rest>"), "string", "what Telegram calls a picture that was uploaded",
        Whose.SERVICE, "a day", DAY_S,
    ),
    Entry(
        "trouble", keys.memo("trouble:<platform>"), "string", "what troubles a platform",
        Whose.SERVICE, "two minutes", 120,
    ),
    Entry(
        "picture", keys.picture("<rest>"), "string", "a picture that was drawn, under a name made of its content",
        Whose.SERVICE, "a day at most", DAY_S,
    ),
    Entry(
        "canary", keys.CANARY_ANNOUNCED, "zset", "which of the watchdog's canaries were announced",
        Whose.SERVICE, "ten minutes of them",
    ),
    Entry("canary-log", keys.CANARY_LOG, "hash", "the last canary", Whose.SERVICE, "one value"),
    Entry("canary-by-time", keys.CANARY_BY_TIME, "zset", "of when it is", Whose.SERVICE, "one value"),
    Entry("sight", keys.SIGHT, "string", "until when the market was last seen", Whose.SERVICE, "one value"),
    Entry("spells", keys.SPELLS, "list", "from when to when the service was blind", Whose.SERVICE, "the last 20"),
    Entry(
        "told-stale", keys.memo("stale:<number>"), "string", "that the owners were told that nothing is evaluated",
        Whose.SERVICE, "a week", 7 * DAY_S,
    ),
    Entry(
        "told-blind", keys.memo("blind:<number>"), "string", "that the owners were told of such a time",
        Whose.SERVICE, "a week", 7 * DAY_S,
    ),
    Entry(
        "schemas", keys.SCHEMAS, "hash", "the highest number of each kind that was ever written here",
        Whose.SERVICE, "one number a kind",
    ),
    Entry(
        "lease", keys.lease("<rest>"), "string", "which process alone does something",
        Whose.SERVICE, "twelve seconds", 12,
    ),
    Entry(
        "lease-token", keys.lease_token("<rest>"), "string", "the token that a lease was last given with",
        Whose.SERVICE, "one number a lease",
    ),
)
"""Warnings on their way to people, and what platforms need between two messages."""

OF_MARKET: tuple[Entry, ...] = (
    Entry(
        "watched",
        keys.WATCHED,
        "string",
        "the watched assets",
        Whose.MARKET,
        "one value",
        backup=Backup.ALWAYS,
    ),
    Entry(
        "applied", keys.APPLIED, "string", "the setting that the watched assets were last made from",
        Whose.MARKET, "one value", backup=Backup.ALWAYS,
    ),
    Entry("listed", keys.LISTED, "string", "every asset that a venue lists", Whose.MARKET, "one value"),
    Entry("sources", keys.SOURCES, "string", "how each venue stands", Whose.MARKET, "one value"),
    Entry("pasts", keys.PASTS, "hash", "how far each past has been read", Whose.MARKET, ONE_AN_ASSET),
    Entry(
        "tiers", keys.TIERS, "hash", "maintenance brackets", Whose.MARKET, "one value a venue and asset"
    ),
    Entry(
        "chain", keys.chain("<asset>"), "string", "the newest option chain", Whose.MARKET, "a day", DAY_S
    ),
    Entry(
        "snapshot", keys.snapshot("<asset>"), "string", "the last snapshot", Whose.MARKET, ONE_AN_ASSET
    ),
    Entry("feed", keys.FEED, "hash", "how far evaluation has come", Whose.MARKET, "one value"),
    Entry(
        "history", keys.history("<scope>", "<asset>"), "hash", "what engine and condenser remember of an asset",
        Whose.MARKET, ONE_AN_ASSET, backup=Backup.ON_WISH,
    ),
    Entry(
        "steps", keys.steps("<scope>", "<asset>"), "list", "the steps since that was written",
        Whose.MARKET, "as many as lie between two checkpoints", backup=Backup.ON_WISH,
    ),
    Entry(
        "hours", keys.hours("<scope>", "<asset>"), "hash", "the closed hours of an asset",
        Whose.MARKET, "a year of hours an asset", backup=Backup.ON_WISH,
    ),
    Entry(
        "alerts",
        keys.ALERTS,
        "hash",
        "the alerts of late",
        Whose.MARKET,
        "the newest 500",
        backup=Backup.ALWAYS,
    ),
    Entry(
        "alerts-by-time", keys.ALERTS_BY_TIME, "zset", "their times", Whose.MARKET, "the newest 500", backup=Backup.ALWAYS
    ),
    Entry(
        "told", keys.TOLD, "hash", "cascades and regimes that were warned of, for the bot's own record",
        Whose.MARKET, "a year, and the newest 4,000", backup=Backup.ALWAYS,
    ),
    Entry(
        "told-by-time", keys.TOLD_BY_TIME, "zset", "their times", Whose.MARKET, "a year, and the newest 4,000",
        backup=Backup.ALWAYS,
    ),
    Entry(
        "backtest", keys.backtest("<scope>", "<asset>"), "string", "what the closed hours of an asset would have been warned of",
        Whose.MARKET, ONE_AN_ASSET,
    ),
    Entry(
        "announced", keys.ANNOUNCED, "zset", "the transitions that were announced: none is announced twice",
        Whose.MARKET, "eight days", backup=Backup.ALWAYS,
    ),
    Entry(
        "bulletins", keys.BULLETINS, "stream", "alerts that nobody has been addressed with yet",
        Whose.MARKET, "until they are addressed",
    ),
    Entry(
        "plans-watched", keys.PLANS_WATCHED, "hash", "when the plans in each asset were last watched",
        Whose.MARKET, ONE_AN_ASSET,
    ),
)
"""What the market said; the exchanges tell most of it again."""
# fmt: on


def entries() -> tuple[Entry, ...]:
    """Every kind of key."""
    return (*OF_PEOPLE, *OF_DELIVERY, *OF_MARKET)


def entries_of(key: str) -> tuple[Entry, ...]:
    """The kinds a key may be of: none for one that does not belong here."""
    return tuple(entry for entry in entries() if entry.slots(key) is not None)


def entry_of(key: str) -> Entry | None:
    """What kind of key this is: of several the one that says most of it; None for one that does not belong here."""
    found = entries_of(key)
    return max(found, key=lambda entry: len(entry.plain), default=None)
