"""What is advised of new risk in words, the same in every answer: how many checks flash, which cannot be seen, what has turned."""

from commands.protocol.phrases import Phrases
from commands.wording.sizing_lines import turned_words
from market.checklist import Checklist
from market.sizing import Advised, turned_by
from market.snapshot import Snapshot


def count_words(checklist: Checklist, phrases: Phrases) -> str:
    """How many checks flash, and how many are no sign of calm: "1 of 4 checks, 2 not seen"."""
    told = phrases.say("regime.checks", met=checklist.met)
    return ", ".join(part for part in (told, hidden_words(checklist, phrases)) if part)


def hidden_words(checklist: Checklist, phrases: Phrases) -> str:
    """How many checks cannot be seen, and how many are unknown: "2 not seen, 1 unknown"; nothing where there are none."""
    told = []
    if checklist.unseen:
        told.append(phrases.say("regime.checks_unseen", unseen=checklist.unseen))
    if checklist.unknown:
        told.append(phrases.say("regime.checks_unknown", unknown=checklist.unknown))
    return ", ".join(told)


def unseen_names(checklist: Checklist, phrases: Phrases) -> str:
    """The checks that cannot be seen, by what they look at: "liquidations, skew"."""
    unseen = (check.question.value for check in checklist.checks if check.is_unseen)
    return ", ".join(phrases.word("input", name) for name in unseen)


def turned_against(snapshot: Snapshot, advised: Advised, phrases: Phrases) -> str:
    """What of the market has turned against the side: the state, or the one claim that did it."""
    return turned_words(turned_by(snapshot, advised.side), phrases)
