"""Positions under stress in words: who is closed by which move, what is left after each, and what was assumed."""

from collections.abc import Mapping
from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.market import source_notes
from commands.wording.panel import told_age
from commands.wording.sizing_ways import size_line
from commands.wording.stress_lines import lines_after, lines_of_closings, lines_of_model, wallet_name
from market.observations import Asset, Side
from market.report import market_time
from market.sizing import SizeCheck
from market.snapshot import Snapshot
from market.stress import Closing, Fallen, Held, Market, Scenario, Stress, wallets_of

NEAR, FAR = 0.10, 0.20
"""Closed within the article's 10 % is stress, within 20 % caution."""


@dataclass(frozen=True, slots=True)
class Stressed:
    """What is told: the stress, the market it was made in, all positions asked about, and the cascades.

    `unmodelled` says why an asset has no cascade (a phrase of `no_model`), `check` is that of a stated position, `beta` how
    far assets other than `anchor` were said to move, None where that was not said. `again` is the line that asks the same.
    """

    stress: Stress
    market: Market
    held: tuple[Held, ...]
    snapshots: Mapping[Asset, Snapshot]
    fallen: tuple[Fallen, ...]
    unmodelled: Mapping[Asset, str]
    anchor: Asset
    check: SizeCheck | None = None
    beta: float | None = None
    again: str = "/stress"


def describe_stress(told: Stressed, phrases: Phrases, now_ms: int) -> Reply:
    """The answer to /stress; everything in it is about positions, so it is private."""
    found, first = told.stress, _first_closed(told.stress)
    some = next(iter(told.snapshots.values()), None)
    blocks: tuple[Block, ...] = (
        Heading(_heading(told, first, phrases), _tone(first)),
        *(() if some is None else source_notes(some, phrases, now_ms)),
        *(Lines(lines) for lines in lines_after(found, phrases)),
        *(Lines(lines) for lines in lines_of_closings(found, phrases)),
        *(Lines(lines_of_model(one, _scenarios(found, one), phrases)) for one in told.fallen),
        Text("\n".join(_notes(told, phrases, now_ms))),
    )
    return Reply(blocks, _actions(told, phrases), private=True, data=_plain(told))


def _scenarios(found: Stress, fallen: Fallen) -> tuple[Scenario, ...]:
    return found.falls if fallen.side is Side.LONG else found.rises


def _first_closed(found: Stress) -> Closing | None:
    """The forced close that is nearest, whichever way: None where nothing is closed as far as it was looked for."""
    ways = (*found.closed_by_fall[:1], *found.closed_by_rise[:1])
    return min(ways, key=lambda closing: abs(closing.move), default=None)


def _tone(first: Closing | None) -> Tone:
    if first is None or abs(first.move) > FAR:
        return Tone.GOOD
    return Tone.STRESS if abs(first.move) <= NEAR else Tone.CAUTION


def _heading(told: Stressed, first: Closing | None, phrases: Phrases) -> str:
    what = _what(told, phrases)
    if len(told.stress.unpriced) == len(told.held):
        return fit(phrases.say("stress.heading_none", what=what))
    if first is None:
        return fit(phrases.say("stress.heading_never", what=what))
    if first.move == 0.0:
        return fit(phrases.say("stress.heading_now", what=what))
    return fit(phrases.say("stress.heading", what=what, move=numbers.percent(first.move)))


def _what(told: Stressed, phrases: Phrases) -> str:
    if told.check is None:
        key = "stress.one" if len(told.held) == 1 else "stress.many"
        return phrases.say(key, count=len(told.held))
    position = told.check.position
    side = phrases.word("side", position.side.value)
    return f"{position.asset} {numbers.plainly(position.leverage)} {side}"


def _notes(told: Stressed, phrases: Phrases, now_ms: int) -> list[str]:
    """What was assumed and what is not known, then the ages of the prices."""
    return [
        *_sides(told, phrases),
        *_alike(told, phrases),
        *_wallets(told, phrases),
        *_left_out(told, phrases),
        *_model(told, phrases),
        phrases.say("stress.assumed"),
        *_rests_on(told, phrases, now_ms),
    ]


def _sides(told: Stressed, phrases: Phrases) -> list[str]:
    """Which way each side is hurt, where there are both."""
    sides = {one.side for one in told.held}
    if Side.SHORT not in sides:
        return []
    return [phrases.say("stress.both" if Side.LONG in sides else "stress.short_only")]


def _alike(told: Stressed, phrases: Phrases) -> list[str]:
    others = [asset for asset in told.market.prices_usd if asset != told.anchor]
    if not others:
        return []
    if told.beta is None:
        return [phrases.say("stress.alike", asset=told.anchor)]
    return [phrases.say("stress.beta", asset=told.anchor, beta=numbers.general(told.beta))]


def _wallets(told: Stressed, phrases: Phrases) -> list[str]:
    lines = []
    for wallet in wallets_of(told.held):
        known = {"name": wallet_name(wallet, phrases), "amount": numbers.money(wallet.said_by.margin_usd)}
        key = "stress.wallet" if wallet.said_by.id else "stress.wallet_stated"
        lines.append(phrases.say(key, **known, id=wallet.said_by.id))
    return lines


def _left_out(told: Stressed, phrases: Phrases) -> list[str]:
    lines = []
    if told.check is not None and told.check.position.equity_usd is None:
        lines.append(phrases.say("stress.per_thousand"))
    unpriced = ", ".join({one.asset: None for one in told.stress.unpriced})
    if unpriced:
        lines.append(phrases.say("stress.unpriced", assets=unpriced))
    unknown = ", ".join({one.asset: None for one in told.stress.unbracketed})
    if unknown:
        lines.append(phrases.say("stress.unbracketed", assets=unknown))
    return lines


def _model(told: Stressed, phrases: Phrases) -> list[str]:
    """What the cascade model is, of which assets it is shown, and why not of others."""
    lines = [phrases.say("stress.model")] if told.fallen else []
    lines += [
        phrases.say("stress.no_model", asset=asset, reason=phrases.word("no_model", why))
        for asset, why in told.unmodelled.items()
    ]
    shown = {one.asset for one in told.fallen} | set(told.unmodelled)
    more = [asset for asset in told.market.prices_usd if asset not in shown]
    if more:
        lines.append(phrases.say("stress.more_models", assets=", ".join(more), first=more[0]))
    return lines


def _rests_on(told: Stressed, phrases: Phrases, now_ms: int) -> list[str]:
    """How old the price of each asset is, and whose brackets a stated position was checked with."""
    ages = []
    for asset, snapshot in told.snapshots.items():
        if asset in told.market.prices_usd and snapshot.reading("price") is not None:
            ages.append(f"{asset} {told_age(snapshot, 'price', phrases, market_time(snapshot, now_ms))}")
    lines = [phrases.say("stress.ages", ages=", ".join(ages))] if ages else []
    if told.check is None:
        return [*lines, phrases.say("stress.planned")]
    tiers = told.check.tiers
    venue = phrases.word("venue", tiers.venue.value)
    return [*lines, phrases.say("size.tiers", venue=venue, published=numbers.day_of(tiers.published_on))]


def _actions(told: Stressed, phrases: Phrases) -> tuple[Action, ...]:
    levels = Action(phrases.say("button.levels"), f"/levels {told.held[0].asset}")
    if told.check is None:
        return (levels, Action(phrases.say("button.refresh"), told.again))
    position = told.check.position
    size = size_line(position, position.leverage)
    return (levels, Action(phrases.say("button.size"), size))


def _plain(told: Stressed) -> dict[str, object]:
    """The numbers behind it for JSON: USD and fractions, null where one is unknown."""
    found = told.stress
    return {
        "positions": [
            {"id": one.id, "asset": one.asset, "side": one.side.value, "mode": one.mode.value}
            for one in told.held
        ],
        "betas": {asset: told.market.beta(asset) for asset in told.market.prices_usd},
        "falls": [_plain_scenario(one) for one in found.falls],
        "rises": [_plain_scenario(one) for one in found.rises],
        "closed_by_fall": [_plain_closing(one) for one in found.closed_by_fall],
        "closed_by_rise": [_plain_closing(one) for one in found.closed_by_rise],
        "model": [_plain_fallen(one) for one in told.fallen],
        "no_model": dict(told.unmodelled),
        "unpriced": [one.asset for one in found.unpriced],
        "unbracketed": [one.asset for one in found.unbracketed],
    }


def _plain_scenario(scenario: Scenario) -> dict[str, object]:
    return {
        "move": scenario.move,
        "positions": [
            {
                "id": one.held.id,
                "asset": one.held.asset,
                "price": one.price_usd,
                "profit": one.profit_usd,
                "left": one.left_usd,
                "closed": one.is_closed,
            }
            for one in scenario.outcomes
        ],
        "wallets": [
            {"venue": one.wallet.venue.value, "left": one.left_usd, "closed": one.is_closed}
            for one in scenario.wallets
        ],
        "left": scenario.left_usd,
    }


def _plain_closing(closing: Closing) -> dict[str, object]:
    return {
        "move": closing.move,
        "ids": [one.id for one in closing.held],
        "assets": [one.asset for one in closing.held],
        "prices": list(closing.prices_usd),
        "venue": None if closing.venue is None else closing.venue.value,
    }


def _plain_fallen(fallen: Fallen) -> dict[str, object]:
    return {
        "asset": fallen.asset,
        "side": fallen.side.value,
        "ends": [
            [{"first": end.initial_drop, "last": end.final_drop, "ran_away": end.ran_away} for end in row]
            for row in fallen.ends
        ],
        "closes": [[list(ids) for ids in row] for row in fallen.closes],
    }
