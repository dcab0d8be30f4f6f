"""Many watched assets and a small budget: everybody's turn comes, and what is asked each cycle never waits."""

from market.observations import Venue
from scheduler.collect.due import Due, named, timed, within_means
from scheduler.exchange import Ask, Budget, Kind, Report

BUDGETS = {"default": Budget(1000, 60.0)}


def read(payload: bytes, asked: object) -> tuple[Report, ...]:
    return ()


def ask(
    symbol: str | None, every_s: float | None = 300.0, weight: int = 21, body: bytes | None = None
) -> Ask[tuple[Report, ...]]:
    return Ask(
        Venue.HYPERLIQUID,
        Kind.CANDLES,
        "/info",
        read,
        weight=weight,
        symbol=symbol,
        every_s=every_s,
        body=body,
    )


def symbols(due: list[Due]) -> list[str | None]:
    return [one.ask.symbol for one in due]


def test_fifteen_assets_are_asked_for_at_once() -> None:
    due = [timed(ask(f"C{number}")) for number in range(30)]
    assert within_means(due, BUDGETS, {}) == due, "30 questions of 21 are 630 of 750"


def test_of_a_hundred_some_wait_for_the_next_poll_and_each_has_its_turn() -> None:
    due = [timed(ask(f"C{number}")) for number in range(100)]
    asked_in: dict[tuple[object, ...], int] = {}
    polls = []
    for minute in range(1, 4):
        chosen = within_means(due, BUDGETS, asked_in)
        polls.append(len(chosen))
        asked_in |= {one.name: minute for one in chosen}
    assert polls == [35, 35, 35]
    assert len(asked_in) == 100, "all of them within three polls, whoever comes first in the list"


def test_what_is_asked_each_cycle_and_of_all_at_once_is_not_held_back() -> None:
    due = [timed(ask(f"C{number}")) for number in range(100)]
    each, bulk = named(ask("BTC", None)), named(ask(None, weight=20))
    chosen = within_means([*due, each, bulk], BUDGETS, {})
    assert each in chosen
    assert chosen[0] == bulk


def test_a_question_of_a_budget_nobody_named_is_asked() -> None:
    assert symbols(within_means([named(ask("BTC"))], {}, {})) == ["BTC"]


def test_two_books_of_a_coin_are_two_questions_and_a_bar_of_another_time_is_the_same_one() -> None:
    assert named(ask("BTC", body=b"5")).name != named(ask("BTC", body=b"2")).name
    assert timed(ask("BTC", body=b"now")).name == timed(ask("BTC", body=b"then")).name
