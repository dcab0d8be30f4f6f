"""The payoff of a hedge as a picture: what the position has won at expiry by the price there, alone and each way."""

from zlib import crc32

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Ink, Mark, Panel, Picture, Rule, Series
from commands.wording import numbers, pictures
from market.hedge import Hedge
from market.snapshot import Snapshot

LOWEST, HIGHEST, STEP = 0.60, 1.10, 0.01
"""The prices drawn, as shares of the present one."""

HEIGHT = 2.5
"""Four lines cross each other in one panel: it has room."""


def hedge_picture(hedge: Hedge, snapshot: Snapshot, phrases: Phrases) -> Picture:
    """One panel over price: four lines, the strikes, the price now, and where nothing is won or lost."""
    price_usd = hedge.asked.price_usd
    count = round((HIGHEST - LOWEST) / STEP) + 1
    points = [hedge.after_move(LOWEST + STEP * place - 1.0) for place in range(count)]

    def name(word: str) -> str:
        return phrases.word("hedge_head", word)

    lines = [
        Series(name("alone"), tuple(one.alone_usd for one in points), Mark.LINE, Ink.STRESS),
        Series(name("put"), tuple(one.put_usd for one in points), Mark.LINE, Ink.MAIN),
        Series(name("half"), tuple(one.halved_usd for one in points), Mark.LINE, Ink.FAINT),
    ]
    if hedge.spread is not None:
        spread = tuple(one.spread_usd for one in points)
        lines.insert(2, Series(name("spread"), spread, Mark.LINE, Ink.SECOND))
    title = phrases.say("hedge.picture", asset=hedge.asked.asset)
    panel = Panel(
        phrases.say("hedge.picture_panel"),
        "usd",
        tuple(lines),
        rules=(Rule(0.0, phrases.say("hedge.picture_even")), *_uprights(hedge, phrases)),
        first_x=LOWEST * price_usd,
        step_x=STEP * price_usd,
        height=HEIGHT,
    )
    drawn = crc32(repr((title, panel, phrases.language, phrases.style)).encode())
    key = f"hedge:{snapshot.source}:{hedge.asked.asset}:{hedge.as_of_ms}:{drawn:08x}"
    return pictures.framed(key, title, (panel,), snapshot, phrases)


def _uprights(hedge: Hedge, phrases: Phrases) -> tuple[Rule, ...]:
    price_usd, strike_usd = hedge.asked.price_usd, hedge.put.bought.strike_usd
    rules = [
        Rule(price_usd, phrases.say("hedge.picture_now", price=numbers.price(price_usd)), is_upright=True),
        Rule(strike_usd, numbers.price(strike_usd), is_upright=True),
    ]
    lower_usd = None if hedge.spread is None else hedge.spread.covered_to_usd
    if lower_usd is not None:
        rules.append(Rule(lower_usd, numbers.price(lower_usd), is_upright=True))
    return tuple(rules)
