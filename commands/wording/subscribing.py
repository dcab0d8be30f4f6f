"""The answers to /subscribe and /unsubscribe: what is heard from now on, what else there is, and what is left."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text
from commands.wording.columns import fit
from commands.wording.odds import subscribed_odds
from commands.wording.wishes import (
    asset_words,
    kind_and_severity,
    never_so_loud,
    never_told,
    plain_wishes,
    server_notes,
    short_words,
    way_notes,
    wish_line,
    wish_words,
)
from market.alerts import Kind, Severity
from market.observations import Asset
from market.odds import recorded_odds
from store.wishes import Chat, Subscription

MOST_BUTTONS = 20
MOST_NAMED = 4
OTHERS = (Kind.REGIME, Kind.LIQUIDATIONS, Kind.STAGE, Kind.FUNDING, Kind.OPEN_INTEREST, Kind.SKEW)
"""What is offered beside what was asked for: every other kind, all of them silent."""


def describe_subscribed(
    wishes: Sequence[Subscription],
    chat: Chat,
    phrases: Phrases,
    now_ms: int,
    *,
    left_out: Sequence[Kind],
    is_new: bool,
    is_ours: bool,
    is_terminal: bool,
    most: int,
) -> Reply:
    """The answer to /subscribe: from now on, or already.

    `left_out`: kinds that were asked for and are never so severe. `is_ours`: what is heard was chosen here, not by the reader.
    """
    assets = tuple(dict.fromkeys(wish.asset for wish in wishes))
    lines = [
        *_heard(wishes, phrases),
        *([_why_these(phrases), *_not_these(chat, phrases)] if is_ours else []),
        *_silent(wishes, left_out, phrases),
        *never_told(chat, wishes, phrases),
        *never_so_loud(chat.subscriptions, phrases),
        *way_notes(chat, phrases, now_ms, is_terminal=is_terminal),
        phrases.say("subscribe.count", count=len(chat.subscriptions), most=most),
    ]
    return Reply(
        (
            Heading(fit(_heading(assets, phrases, is_new=is_new))),
            Text("\n".join(lines)),
            *server_notes(chat, phrases),
        ),
        _more(assets, chat, phrases),
        data={
            "changed": is_new,
            "subscribed": plain_wishes(wishes),
            "ping": plain_ping(chat),
            "thread": chat.thread_a_wave,
            "subscriptions": plain_wishes(chat.subscriptions),
        },
    )


def _why_these(phrases: Phrases) -> str:
    said = (phrases.say("subscribe.why_these"), subscribed_odds(phrases, recorded_odds()))
    return " ".join(filter(None, said))


def _not_these(chat: Chat, phrases: Phrases) -> list[str]:
    """What does not come here, where nothing silent was ever asked for."""
    has_silent = any(wish.least is Severity.WATCH for wish in chat.subscriptions)
    return [] if has_silent else [phrases.say("subscribe.not_these")]


def _silent(wishes: Sequence[Subscription], left_out: Sequence[Kind], phrases: Phrases) -> list[str]:
    """That some of it comes without a sound, and what does not come at all as it is never louder than that."""
    if left_out:
        kinds = ", ".join(phrases.word("alert_kind", kind.value) for kind in left_out)
        return [phrases.say("subscribe.left_out", kinds=kinds)]
    is_silent = any(wish.least is Severity.WATCH for wish in wishes)
    return [phrases.say("subscribe.silent")] if is_silent else []


def plain_ping(chat: Chat) -> dict[str, object] | None:
    """The role that a wave mentions, for `--json`; None where none is."""
    return None if chat.ping_role is None else {"role": chat.ping_role, "least": chat.ping_least.value}


def _heading(assets: Sequence[Asset | None], phrases: Phrases, *, is_new: bool) -> str:
    if not assets:
        return phrases.say("subscribe.in_server")
    names = ", ".join(asset_words(asset, phrases) for asset in assets[:MOST_NAMED])
    named = f"{names} +{len(assets) - MOST_NAMED}" if len(assets) > MOST_NAMED else names
    return phrases.say("subscribe.begun" if is_new else "subscribe.already", asset=named)


def _heard(wishes: Sequence[Subscription], phrases: Phrases) -> list[str]:
    """What is heard from now on, said once where it is the same of every asset."""
    of_asset: dict[Asset | None, list[str]] = {}
    for wish in wishes:
        of_asset.setdefault(wish.asset, []).append(kind_and_severity(wish, phrases))
    told = {"; ".join(words): asset for asset, words in of_asset.items()}
    if len(told) > 1:
        return [
            phrases.say("subscribe.hears", wishes=f"{asset_words(asset, phrases)}: {'; '.join(words)}")
            for asset, words in of_asset.items()
        ]
    return [phrases.say("subscribe.hears", wishes=words) for words in told]


def describe_unsubscribed(gone: Sequence[Subscription], chat: Chat, phrases: Phrases) -> Reply:
    """The answer to /unsubscribe that dropped something."""
    lines = [phrases.say("unsubscribe.gone", wish=wish_words(wish, phrases)) for wish in gone[:MOST_BUTTONS]]
    if len(gone) > MOST_BUTTONS:
        lines.append(phrases.say("status.more", count=len(gone) - MOST_BUTTONS) + ".")
    left = len(chat.subscriptions)
    lines.append(phrases.say("unsubscribe.left" if left else "unsubscribe.none_left", count=left))
    again = tuple(dict.fromkeys(f"/subscribe {wish_line(wish)} {wish.least.value}" for wish in gone[:1]))
    return Reply(
        (Heading(fit(phrases.say("unsubscribe.heading"))), Text("\n".join(lines))),
        (
            *(Action(phrases.say("button.undo"), line) for line in again if len(gone) == 1),
            Action(phrases.say("button.alerts"), "/alerts"),
        ),
        data={
            "changed": True,
            "unsubscribed": plain_wishes(gone),
            "subscriptions": plain_wishes(chat.subscriptions),
        },
    )


def describe_what_there_is(chat: Chat, phrases: Phrases, *, was_asked: str | None) -> Reply:
    """The answer to /unsubscribe without words, or with words that mean nothing that is there: a button for each."""
    wishes = chat.subscriptions
    lines = [] if was_asked is None else [phrases.say("unsubscribe.no_such", wish=was_asked)]
    lines.append(phrases.say("unsubscribe.which" if wishes else "unsubscribe.nothing"))
    actions = [
        Action(short_words(wish, phrases), f"/unsubscribe {wish_line(wish)}")
        for wish in wishes[:MOST_BUTTONS]
    ]
    if wishes:
        actions.append(Action(phrases.say("button.all"), "/unsubscribe all"))
    return Reply(
        (
            Heading(fit(phrases.say("unsubscribe.heading_list", count=len(wishes)))),
            Text("\n".join((*lines, *(wish_words(wish, phrases) for wish in wishes[:MOST_BUTTONS])))),
        ),
        tuple(actions),
        data={"changed": False, "subscriptions": plain_wishes(wishes)},
    )


def _more(assets: Sequence[Asset | None], chat: Chat, phrases: Phrases) -> tuple[Action, ...]:
    """What else there is for these assets, and the next steps."""
    steps = (
        Action(phrases.say("button.test"), "/testalert"),
        Action(phrases.say("button.alerts"), "/alerts"),
    )
    if not assets:
        return steps
    name = ",".join(asset or "all" for asset in assets)
    has = {wish.kind for wish in chat.subscriptions if wish.asset == assets[0]}
    others = [kind for kind in OTHERS if kind not in has]
    looks = [Action(phrases.say("button.backtest"), f"/backtest {one}") for one in assets if one is not None]
    return (
        *steps,
        *looks[:1],
        Action(phrases.say("button.silent_too"), f"/subscribe {name} cascade watch"),
        *(
            Action(phrases.word("alert_kind", kind.value), f"/subscribe {name} {kind.value}")
            for kind in others
        ),
        Action(
            phrases.say("button.unsubscribe"),
            f"/unsubscribe {name}" if len(assets) == 1 and assets[0] else "/unsubscribe",
        ),
    )
