"""Reading along: what somebody at a terminal is shown of warnings as they come. Nothing is addressed, claimed or kept for it.

Any number of terminals may read along, and one that is closed owes nothing. What is told and what is not is decided as for
every chat (`scheduler.subscriptions.group`); an edit, which a terminal cannot show, is a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.delivery.words import Words
from commands.protocol.home import listening
from commands.protocol.phrases import ORIGINAL, Phrases, phrases_in
from commands.protocol.reply import Reply, Text
from commands.protocol.style import written_in
from commands.wording.wave import alert_row
from market.alerts import Alert
from market.alerts.reach import still_standing
from scheduler.subscriptions.group import Action, Telling, Why, tell
from store.bulletins import transition_of
from store.services import Services
from store.waves import Wave
from store.wishes import Chat, wants

MOST_LOOKED_AT = 60
HERE = "here"
"""What the message is called that a wave is told in: it stands further up."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown now, and of when it is (UTC ms); `is_line`: a change of what stands further up."""

    reply: Reply
    at_ms: int
    is_line: bool = False


class Along:
    """Reads the warnings of a store along, for the chat of one address."""

    def __init__(self, address: str, words: Words, language: str = "") -> None:
        self._address, self._words, self._language = address, words, language
        self._wave = Wave(address)
        self._known: frozenset[str] | None = None

    async def look(self, services: Services, now_ms: int) -> Shown | None:
        """What has to be shown since the last look, at the first what still stands. Raises StoreUnavailable."""
        if services.post is None or services.chats is None:
            return None
        recent = await services.post.recent(MOST_LOOKED_AT)
        news = self._news(recent)
        if not news and not self._wave.held:
            self._known = _names(recent)
            return None
        chat = listening(await services.chats.get(self._address) or Chat(self._address))
        self._known = _names(recent)  # not before: what could not be told now is news at the next look
        wanted = [alert for alert in news if wants(chat, alert)]
        telling = tell(self._wave, wanted, chat, now_ms)
        return self._shown(telling, wanted, self._in_language(chat), now_ms)

    def _news(self, recent: Sequence[Alert]) -> tuple[Alert, ...]:
        """What was not looked at before, oldest first."""
        known = self._known
        if known is None:
            return still_standing(recent)
        return tuple(alert for alert in reversed(recent) if transition_of(alert) not in known)

    def _shown(self, telling: Telling, news: Iterable[Alert], chat: Chat, now_ms: int) -> Shown | None:
        self._wave = telling.wave
        at_ms = max((alert.at_ms for alert in news), default=now_ms)
        match telling.action:
            case Action.NOTHING | Action.HOLD:
                return None
            case Action.EDIT if telling.why is not Why.EXPIRED:
                said = _changed(news, phrases_in(chat.language or ORIGINAL), now_ms)
                return None if said is None else Shown(said, at_ms, is_line=True)
            case _:
                if telling.why is not Why.OVER:
                    self._wave = replace(telling.wave, message=HERE)
                return Shown(self._words.reply(telling, chat, now_ms, is_repeat=False), at_ms)

    def _in_language(self, chat: Chat) -> Chat:
        return replace(chat, language=self._language) if self._language else chat


def _names(alerts: Iterable[Alert]) -> frozenset[str]:
    return frozenset(map(transition_of, alerts))


def _changed(news: Iterable[Alert], phrases: Phrases, now_ms: int) -> Reply | None:
    """What has changed of warnings that stand further up, in a line."""
    with written_in(phrases.style):
        rows = "; ".join(" ".join(alert_row(alert, phrases, now_ms).split()) for alert in news)
    return Reply((Text(phrases.say("terminal.changed", what=rows)),)) if rows else None
