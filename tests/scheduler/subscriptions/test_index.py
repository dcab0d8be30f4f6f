"""Who wants to hear of what, against looking at every chat."""

from dataclasses import replace
from random import Random

from market.alerts import CLASSES, Alert, Kind, Severity
from scheduler.subscriptions.index import Index
from store.chats import Chat, Subscription
from tests.store.samples import FIRED

ASSETS = ("BTC", "ETH", "SOL")


def wants(chat: Chat, alert: Alert) -> bool:
    """The meaning of a subscription, one chat and one alert at a time."""
    rank = CLASSES.index(alert.severity)
    return chat.suspended is None and any(
        wish.kind is alert.kind
        and wish.asset in {None, alert.asset}
        and rank >= max(CLASSES.index(wish.least), CLASSES.index(chat.least))
        for wish in chat.subscriptions
    )


def drawn(dice: Random, number: int) -> Chat:
    wishes = tuple(
        Subscription(dice.choice((None, *ASSETS)), dice.choice(list(Kind)), dice.choice(list(Severity)))
        for _ in range(dice.randrange(4))
    )
    suspended = "blocked" if dice.random() < 0.1 else None
    return Chat(f"telegram:{number}", wishes, least=dice.choice(list(Severity)), suspended=suspended)


def test_it_finds_whom_looking_at_every_chat_finds_through_all_changes() -> None:
    dice = Random(7)
    index = Index()
    chats: dict[str, Chat] = {}
    for round_number in range(300):
        chat = drawn(dice, dice.randrange(40))
        if dice.random() < 0.2:
            index.drop(chat.address)
            chats.pop(chat.address, None)
        else:
            index.put(chat)
            chats[chat.address] = chat
        if round_number % 10:
            continue
        alerts = [
            replace(FIRED, asset=asset, kind=kind, severity=severity)
            for asset in ASSETS
            for kind in Kind
            for severity in Severity
            if dice.random() < 0.3
        ]
        expected = {
            chat.address: numbers
            for chat in chats.values()
            if (numbers := [number for number, alert in enumerate(alerts) if wants(chat, alert)])
        }
        assert index.match(enumerate(alerts)) == expected
        anew = Index()
        anew.fill(chats.values())
        assert anew.match(enumerate(alerts)) == expected
        assert len(anew) == len(index)


def test_nobody_is_found_for_what_nobody_wants() -> None:
    index = Index()
    index.put(Chat("telegram:1", (Subscription("ETH", Kind.CASCADE),)))
    assert index.match([(0, FIRED)]) == {}
    index.drop("telegram:2")
