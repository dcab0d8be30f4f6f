"""The messages that were given up, in words: to whom, why, how long ago, and what was tried once more."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Lines, Reply, Text
from commands.wording import numbers
from commands.wording.columns import fit, sides
from market.report import iso
from store.services import GivenUp

MOST_SHOWN = 12


def describe_given_up(found: Sequence[GivenUp], phrases: Phrases, now_ms: int) -> Reply:
    """The list, newest first, a dozen of them; the numbers hold all."""
    heading = Heading(fit(phrases.say("dead.heading" if found else "dead.none", count=len(found))))
    data = {"given_up": [_numbers(one) for one in found]}
    if not found:
        return Reply((heading,), data=data)
    shown = found[:MOST_SHOWN]
    told = [phrases.say("dead.kept")]
    if len(found) > len(shown):
        told.insert(0, phrases.say("dead.more", count=len(found) - len(shown)))
    lines = tuple(line for one in shown for line in _lines(one, phrases, now_ms))
    return Reply(
        (heading, Lines(lines), Text("\n".join(told))),
        (Action(phrases.say("button.requeue"), "/dead requeue all"),),
        data=data,
    )


def describe_requeued(back: int, left: Sequence[GivenUp], phrases: Phrases) -> Reply:
    """How many are on their way again; a message that fails once more comes back onto the list."""
    return Reply(
        (
            Heading(fit(phrases.say("dead.requeued", count=back))),
            Text(phrases.say("dead.again", left=len(left))),
        ),
        (Action(phrases.say("button.given_up"), "/dead"),),
        data={"requeued": back, "given_up": [_numbers(one) for one in left]},
    )


def _lines(one: GivenUp, phrases: Phrases, now_ms: int) -> tuple[str, ...]:
    return (
        sides(f"{one.name} {one.address}", numbers.age(now_ms - one.at_ms)),
        fit(f"  {one.why}"),
        fit("  " + phrases.say("dead.news", age=numbers.age(one.at_ms - one.news_ms))),
    )


def _numbers(one: GivenUp) -> dict[str, object]:
    return {
        "id": one.name,
        "address": one.address,
        "news_at": iso(one.news_ms),
        "given_up_at": iso(one.at_ms),
        "why": one.why,
    }
