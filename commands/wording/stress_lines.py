"""The laid-out lines of /stress: what is left after each move, the order of forced closes, where a cascade ends."""

from collections.abc import Iterator, Sequence

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import COLUMNS, first_that_fits, fit
from commands.wording.levels import MODEL_REACHES, left_words
from market.cascade import DEPTH_SCENARIOS, Cascade
from market.observations import Side
from market.stress import Closing, Fallen, Held, Outcome, Scenario, Stress, Wallet, WalletLeft

DETAILED = 3
"""Up to so many positions are told with their prices and profits, more in a line each."""

MOST_CLOSINGS = 8

_LABEL, _LONG_LABEL = 7, 9


def lines_after(found: Stress, phrases: Phrases) -> tuple[tuple[str, ...], ...]:
    """A table of what is left after each fall, and one after each rise where there are any."""
    ways = (("stress.falls", found.falls), ("stress.rises", found.rises))
    return tuple(
        tuple(_table(phrases.say(key), scenarios, phrases))
        for key, scenarios in ways
        if scenarios and scenarios[0].outcomes
    )


def lines_of_closings(found: Stress, phrases: Phrases) -> tuple[tuple[str, ...], ...]:
    """Who is closed by a fall and who by a rise, in that order."""
    ways = (("stress.order_fall", found.closed_by_fall), ("stress.order_rise", found.closed_by_rise))
    return tuple((fit(phrases.say(key)), *_order(closings, phrases)) for key, closings in ways if closings)


def lines_of_model(fallen: Fallen, scenarios: Sequence[Scenario], phrases: Phrases) -> tuple[str, ...]:
    """Where the first moves end with each depth left; a star where that closes a position the first move alone does not."""
    key = "stress.model_falls" if fallen.side is Side.LONG else "stress.model_rises"
    head = _row(phrases.say("stress.first"), [left_words(left) for left in DEPTH_SCENARIOS], COLUMNS // 6)
    rows = []
    for ends, closes, scenario in zip(fallen.ends, fallen.closes, scenarios, strict=True):
        gone = {one.held.id for one in scenario.outcomes if one.is_closed}
        cells = [
            _end(end, fallen.side) + ("*" if set(ids) - gone else " ")
            for end, ids in zip(ends, closes, strict=True)
        ]
        first = ends[0].initial_drop
        rows.append(_row(_move(first if fallen.side is Side.SHORT else -first), cells, COLUMNS // 6))
    return (fit(phrases.say(key, asset=fallen.asset)), head, *rows)


def wallet_name(wallet: Wallet, phrases: Phrases) -> str:
    """A cross wallet by its venue, and by its coin where it is in one: "Binance", "Bybit BTC"."""
    venue = phrases.word("venue", wallet.venue.value)
    coin = wallet.said_by.settled_in
    return venue if coin is None else f"{venue} {coin}"


def _table(head: str, scenarios: Sequence[Scenario], phrases: Phrases) -> Iterator[str]:
    count = len(scenarios[0].outcomes)
    label = _LABEL if count <= DETAILED else _LONG_LABEL
    yield _row(head, [_move(scenario.move) for scenario in scenarios], label)
    for place in range(count):
        after = [scenario.outcomes[place] for scenario in scenarios]
        yield from _detailed(after, phrases) if count <= DETAILED else _brief(after, phrases)
    wallets = len(scenarios[0].wallets)
    for place in range(wallets):
        left = [scenario.wallets[place] for scenario in scenarios]
        yield fit(phrases.say("stress.wallet_head", name=wallet_name(left[0].wallet, phrases)))
        yield _row(phrases.say("stress.left"), _wallet_cells(left, label, phrases), label)
    if count + wallets > 1:
        cells = _amounts([scenario.left_usd for scenario in scenarios], label)
        yield _row(phrases.say("stress.all"), cells, label)


def _detailed(after: Sequence[Outcome], phrases: Phrases) -> Iterator[str]:
    one, room = after[0].held, _room(len(after), _LABEL)
    yield _position(one, phrases)
    prices = [numbers.price(outcome.price_usd) for outcome in after]
    short = [numbers.price_short(outcome.price_usd, room - 1) for outcome in after]
    yield _row(phrases.say("stress.price"), prices if _fits(prices, room) else short, _LABEL)
    yield _row(phrases.say("stress.profit"), _amounts([one.profit_usd for one in after], _LABEL), _LABEL)
    if one.stands_alone:
        yield _row(phrases.say("stress.left"), _left_cells(after, _LABEL, phrases), _LABEL)


def _brief(after: Sequence[Outcome], phrases: Phrases) -> Iterator[str]:
    """One line: what is left of an isolated position; of a cross one its profit, with its sign."""
    one = after[0].held
    if one.stands_alone:
        cells = _left_cells(after, _LONG_LABEL, phrases)
    else:
        cells = [numbers.marked(f"{outcome.profit_usd:+,.0f}") for outcome in after]
        if not _fits(cells, _room(len(after), _LONG_LABEL)):
            cells = [_signed_short(outcome.profit_usd) for outcome in after]
    yield _row(_name(one, phrases), cells, _LONG_LABEL)


def _position(one: Held, phrases: Phrases) -> str:
    known = {
        "name": _name(one, phrases),
        "leverage": numbers.marked(f"{one.coins * one.entry_usd / one.margin_usd:.1f}x".replace(".0x", "x")),
        "side": phrases.word("side", one.side.value),
        "mode": phrases.word("mode", one.mode.value),
    }
    full = phrases.say("stress.position", **known)
    return first_that_fits(full, phrases.say("stress.position_short", **known))


def _name(one: Held, phrases: Phrases) -> str:
    """A position by its plan and coin ("p7f2 BTC"), a stated one by its coin."""
    return f"{one.id} {one.asset}" if one.id else one.asset


def _left_cells(after: Sequence[Outcome], label: int, phrases: Phrases) -> list[str]:
    amounts = _amounts([outcome.left_usd or 0.0 for outcome in after], label)
    closed = phrases.say("stress.closed")
    return [closed if one.is_closed else cell for one, cell in zip(after, amounts, strict=True)]


def _wallet_cells(after: Sequence[WalletLeft], label: int, phrases: Phrases) -> list[str]:
    amounts = _amounts([one.left_usd for one in after], label)
    closed = phrases.say("stress.closed")
    return [closed if one.is_closed else cell for one, cell in zip(after, amounts, strict=True)]


def _amounts(values: Sequence[float], label: int) -> list[str]:
    """Amounts of dollars as long as they all fit, shortened where they do not."""
    full = [numbers.marked(f"{value + 0.0:,.0f}") for value in values]
    return full if _fits(full, _room(len(values), label)) else [numbers.short(value) for value in values]


def _signed_short(value: float) -> str:
    return ("+" if value > 0.0 else "") + numbers.short(value)


def _order(closings: Sequence[Closing], phrases: Phrases) -> Iterator[str]:
    for closing in closings[:MOST_CLOSINGS]:
        yield _closing(closing, phrases)
    if len(closings) > MOST_CLOSINGS:
        yield fit(phrases.say("status.more", count=len(closings) - MOST_CLOSINGS))


def _closing(closing: Closing, phrases: Phrases) -> str:
    move = phrases.say("stress.by_now") if closing.move == 0.0 else _exact(closing.move)
    if closing.venue is None:
        known = {"name": _name(closing.held[0], phrases), "price": numbers.price(closing.prices_usd[0])}
        return fit(phrases.say("stress.closing", **known, move=move))
    venue = phrases.word("venue", closing.venue.value)
    names = " ".join(_name(one, phrases) if not one.id else one.id for one in closing.held)
    return fit(phrases.say("stress.closing_wallet", venue=venue, move=move, names=names))


def _end(end: Cascade, side: Side) -> str:
    sign = 1.0 if side is Side.SHORT else -1.0
    if end.final_drop > MODEL_REACHES:
        return f"<{_move(-MODEL_REACHES)}" if side is Side.LONG else f">{_move(MODEL_REACHES)}"
    return _exact(sign * end.final_drop)


def _exact(move: float) -> str:
    return numbers.percent(move)


def _move(move: float) -> str:
    whole = abs(move * 100.0 - round(move * 100.0)) < 1e-9
    return numbers.percent(move, digits=0 if whole else 1)


def _room(count: int, label: int) -> int:
    return (COLUMNS - label) // count


def _fits(cells: Sequence[str], room: int) -> bool:
    return all(len(cell) < room for cell in cells)


def _row(name: str, cells: Sequence[str], label: int) -> str:
    room = _room(len(cells), label)
    return fit(f"{name[:label]:<{label}}" + "".join(f"{cell:>{room}}" for cell in cells))
