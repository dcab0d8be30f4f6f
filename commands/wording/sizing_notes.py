"""What a size rests on, in sentences: what was assumed, whose limits hold, what else stands behind it, how old it all is."""

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.panel import told_age
from market.report import market_time
from market.rules import Rules
from market.sizing import MarginMode, Position, SizeCheck, Verdict
from market.sizing.wallet import Others
from market.snapshot import Snapshot

LEAST_APART = 0.001
"""A stated entry this near to the present price (a fraction of it) is the present price."""

_RESTS_ON = ("price", "funding", "volatility")


def assumption_words(check: SizeCheck, phrases: Phrases) -> list[str]:
    """All that was assumed for want of a number, and what is counted from where."""
    return [
        *_stated_entry(check, phrases),
        *(phrases.word("assumption", one) for one in check.assumptions),
    ]


def limit_words(check: SizeCheck, rules: Rules, phrases: Phrases, *, can_keep: bool) -> list[str]:
    """Which limits are ours because the asker has none; and how to set one's own, where the position fits."""
    ours = []
    if check.position.base_leverage is None:
        ours.append(phrases.say("size.ours_base", base=numbers.plainly(check.trade.base_leverage)))
    if check.position.drawdown_budget is None:
        ours.append(phrases.say("size.ours_lose", lose=numbers.share(rules.sizing.drawdown_budget)))
    if not ours:
        return []
    words = phrases.say("size.ours", limits=", ".join(ours))
    if check.verdict is not Verdict.FITS:
        return [words]  # where it does not fit, how to move our limits would be told as the way out
    return [f"{words} {phrases.say('size.own' if can_keep else 'size.own_here')}"]


def beyond_own_words(check: SizeCheck, own_funding_8h: float | None, phrases: Phrases) -> list[str]:
    """That the side pays more than the asker's own limit, which counts as dear and pulls the rungs in."""
    if own_funding_8h is None:
        return []
    funding = numbers.rate(check.conditions.funding_8h)
    return [phrases.say("size.beyond_own", funding=funding, own=numbers.rate(own_funding_8h))]


def wallet_words(stated: Position, others: Others | None, phrases: Phrases) -> list[str]:
    """What stands behind a cross position: the wallet, less what the asker's other plans keep of it."""
    if stated.mode is not MarginMode.CROSS:
        return []
    if others is None or not (others.count or others.unknown):
        return [phrases.say("size.cross")]
    words = []
    if others.count:
        kept, open_usd = numbers.money(others.maintenance_usd), numbers.money(others.unrealised_usd)
        words.append(phrases.say("size.cross_others", count=others.count, kept=kept, open=open_usd))
    if others.unknown:
        words.append(phrases.say("size.cross_unknown", assets=", ".join(others.unknown)))
    return [*words, phrases.say("size.cross_spare")]


def age_words(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> list[str]:
    """The ages of what the answer rests on, and the date of the venue's tiers."""
    at_ms = market_time(snapshot, now_ms)
    ages = {name: told_age(snapshot, name, phrases, at_ms) for name in _RESTS_ON}
    venue = phrases.word("venue", check.tiers.venue)
    return [
        phrases.say("size.ages", **ages),
        phrases.say("size.tiers", venue=venue, published=numbers.day_of(check.tiers.published_on)),
    ]


def _stated_entry(check: SizeCheck, phrases: Phrases) -> list[str]:
    """What is counted from a stated entry and what from the present price, where the two are apart."""
    entry, now = check.position.entry_usd, check.trade.price_usd
    if entry is None or now is None or abs(now / entry - 1.0) < LEAST_APART:
        return []
    key = "size.entry" if check.trade.measured_from_usd == entry else "size.entry_under_way"
    away = numbers.percent(now / entry - 1.0)
    return [phrases.say(key, entry=numbers.price(entry), now=numbers.price(now), away=away)]
