"""A hedge in lines: each way with its strikes, what it costs, where it breaks even, and what is left after some falls."""

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from market.hedge import After, Hedge, Leg, Way

LEAST_COLUMNS = 8
NONE = "-"
MOST_DIGITS = 4


def put_lines(hedge: Hedge, phrases: Phrases) -> tuple[str, ...]:
    """The put: strike, what a coin of it costs at the ask, what all of it costs, and where it breaks even."""
    put = hedge.put
    strike = numbers.price(put.bought.strike_usd)
    away = _away(put.bought.strike_usd, hedge)
    return (
        fit(phrases.say("hedge.put", strike=strike, away=away)),
        _quote(("hedge.ask", "hedge.ask_short"), put.bought, hedge, phrases),
        *_cost(put, hedge, phrases),
        _even(put, hedge, phrases),
    )


def spread_lines(hedge: Hedge, phrases: Phrases) -> tuple[str, ...]:
    """The spread: what its lower leg brings at the bid, what all of it costs, the most it wins, and where it ends."""
    spread, less = hedge.spread, hedge.cheaper_by
    if spread is None or spread.sold is None or less is None:
        return (fit(phrases.say("hedge.no_spread")),)
    upper, lower = (numbers.price(leg.strike_usd) for leg in (spread.bought, spread.sold))
    most_usd = spread.most_usd * hedge.covered_coins
    times = spread.most_usd / spread.cost_usd
    return (
        fit(phrases.say("hedge.spread", upper=upper, lower=lower, away=_away(spread.sold.strike_usd, hedge))),
        _quote(("hedge.bid", "hedge.bid_short"), spread.sold, hedge, phrases),
        *_cost(spread, hedge, phrases),
        _even(spread, hedge, phrases),
        fit(phrases.say("hedge.most", most=numbers.short(most_usd), times=numbers.decimals(times, 1))),
        fit(phrases.say("hedge.less", less=numbers.percent(less, signed=False, digits=0))),
    )


def halving_lines(hedge: Hedge, rate_line: str, phrases: Phrases) -> tuple[str, ...]:
    """Halving: the fees of selling and buying back, and what the whole pays to hold until then, by the rate of `rate_line`."""
    halving = hedge.halving
    paid = "hedge.half_funding" if halving.funding_usd != 0.0 else "hedge.half_paid"
    by = () if halving.funding_usd is None else (rate_line,)
    return (
        fit(phrases.say("hedge.half", share=numbers.percent(halving.share, signed=False, digits=0))),
        fit(phrases.say("hedge.half_fees", fees=numbers.short(halving.fees_usd))),
        fit(phrases.say(paid, funding=numbers.short(halving.funding_usd))),
        *by,
    )


def after_lines(hedge: Hedge, phrases: Phrases) -> tuple[str, ...]:
    """What the position has won at expiry after some falls, alone and each way, US dollars."""
    names = ("move", "alone", "put", "spread", "half")
    head = _row(*(phrases.word("hedge_head", name) for name in names))
    return (head, *(_after(one) for one in hedge.after))


def _after(one: After) -> str:
    """A row of it: where there is no spread there is nothing to know of one."""
    spread = NONE if one.spread_usd is None else numbers.short(one.spread_usd)
    alone, put, half = (numbers.short(usd) for usd in (one.alone_usd, one.put_usd, one.halved_usd))
    return _row(numbers.percent(one.move, digits=0), alone, put, spread, half)


def _row(move: str, *cells: str) -> str:
    return fit(f"{move:>5}" + "".join(f"{cell:>{LEAST_COLUMNS}}" for cell in cells))


def _quote(keys: tuple[str, str], leg: Leg, hedge: Hedge, phrases: Phrases) -> str:
    """What one coin of a leg is bid or offered at, and how far the two are apart."""
    spread = numbers.percent(leg.spread, signed=False, digits=0)
    price = in_money(leg.price, hedge)
    return first_that_fits(*(phrases.say(key, price=price, spread=spread) for key in keys))


def _cost(way: Way, hedge: Hedge, phrases: Phrases) -> tuple[str, ...]:
    coins = hedge.covered_coins
    all_usd, fees_usd = way.cost_usd * coins, way.fees_usd * coins
    share = numbers.percent(way.cost_share, signed=False, digits=2)
    told = phrases.say("hedge.cost", usd=numbers.short(all_usd), share=share, fees=numbers.short(fees_usd))
    money = in_money(way.cost * coins, hedge)
    whole = phrases.say("hedge.cost_of", amount=in_coins(coins, hedge), money=money)
    return fit(whole), fit(told)


def _even(way: Way, hedge: Hedge, phrases: Phrases) -> str:
    even = numbers.price(way.break_even_usd)
    return fit(phrases.say("hedge.even", price=even, away=_away(way.break_even_usd, hedge)))


def in_coins(coins: float, hedge: Hedge) -> str:
    """An amount of the asset with no more digits than it has: "0.8 BTC", "1,234.5 ETH"."""
    told = numbers.marked(f"{coins:,.{MOST_DIGITS}f}".rstrip("0").rstrip("."))
    return f"{told} {hedge.asked.asset}"


def in_money(amount: float, hedge: Hedge) -> str:
    """An amount in the money the chain is margined in: "0.0373 BTC", "3,727 USDC"."""
    if hedge.is_inverse:
        return numbers.marked(f"{amount:,.{MOST_DIGITS}f} {hedge.asked.asset}")
    return f"{numbers.money(amount)} USDC"


def _away(at_usd: float, hedge: Hedge) -> str:
    return numbers.percent(at_usd / hedge.asked.price_usd - 1.0)
