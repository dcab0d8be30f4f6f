"""The answers to /subscribe and /unsubscribe: what is heard from now on, what else there is, and what is left."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text
from commands.wording.columns import fit
from commands.wording.wishes import (
    asset_words,
    kind_and_severity,
    never_told,
    plain_wishes,
    way_notes,
    wish_line,
    wish_words,
)
from market.alerts import Kind
from market.observations import Asset
from store.wishes import Chat, Subscription

MOST_BUTTONS = 20
OTHERS = (Kind.LIQUIDATIONS, Kind.STAGE, Kind.FUNDING, Kind.OPEN_INTEREST, Kind.SKEW)
"""What is offered beside what was asked for, the louder ones first."""


def describe_subscribed(
    wishes: Sequence[Subscription],
    chat: Chat,
    phrases: Phrases,
    now_ms: int,
    *,
    is_new: bool,
    is_ours: bool,
    is_terminal: bool,
    most: int,
) -> Reply:
    """The answer to /subscribe: from now on, or already. `is_ours`: what is heard was chosen here, not by the reader."""
    asset = wishes[0].asset
    heading = "subscribe.begun" if is_new else "subscribe.already"
    lines = [
        phrases.say("subscribe.hears", wishes="; ".join(kind_and_severity(wish, phrases) for wish in wishes)),
        *([phrases.say("subscribe.why_these")] if is_ours else []),
        *never_told(chat, wishes, phrases),
        *way_notes(chat, phrases, now_ms, is_terminal=is_terminal),
        phrases.say("subscribe.count", count=len(chat.subscriptions), most=most),
    ]
    return Reply(
        (Heading(fit(phrases.say(heading, asset=asset_words(asset, phrases)))), Text("\n".join(lines))),
        _more(asset, chat, phrases),
        data={
            "changed": is_new,
            "subscribed": plain_wishes(wishes),
            "subscriptions": plain_wishes(chat.subscriptions),
        },
    )


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
    actions = [Action(wish_line(wish), f"/unsubscribe {wish_line(wish)}") for wish in wishes[:MOST_BUTTONS]]
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


def _more(asset: Asset | None, chat: Chat, phrases: Phrases) -> tuple[Action, ...]:
    """What else there is for this asset, and the next steps."""
    name = "all" if asset is None else asset
    has = {wish.kind for wish in chat.subscriptions if wish.asset == asset}
    others = [kind for kind in OTHERS if kind not in has]
    return (
        Action(phrases.say("button.test"), "/testalert"),
        Action(phrases.say("button.alerts"), "/alerts"),
        Action(phrases.say("button.silent_too"), f"/subscribe {name} cascade watch"),
        *(
            Action(phrases.word("alert_kind", kind.value), f"/subscribe {name} {kind.value}")
            for kind in others
        ),
        Action(phrases.say("button.unsubscribe"), f"/unsubscribe {name}" if asset else "/unsubscribe"),
    )
