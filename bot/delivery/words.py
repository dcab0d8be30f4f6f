"""From what a chat is to be told to the message itself: language and source are chosen here, facts are not changed."""

from dataclasses import dataclass, field

from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.wording.wave import Marks, describe_wave
from market.report import LIVE
from market.rules import AlertRules
from scheduler.subscriptions.group import Telling, Why, key_of
from store.chats import Chat


@dataclass(frozen=True, slots=True)
class Words:
    """Words a telling. `source` is where the market comes from: a simulated one says so on every message."""

    rules: AlertRules = field(default_factory=AlertRules)
    source: str = LIVE

    def reply(self, telling: Telling, chat: Chat, now_ms: int, *, is_repeat: bool) -> Reply:
        """The message of a telling that shows something."""
        marks = Marks(
            is_late=telling.is_late,
            is_held=telling.why is Why.STILL_STANDS,
            is_repeat=is_repeat,
            is_over=telling.why is Why.OVER,
            is_sample=telling.why is Why.SAMPLE,
        )
        phrases = phrases_in(chat.language or "en")
        present = [alert for alert in telling.shown if key_of(alert) not in telling.past]
        past = [alert for alert in telling.shown if key_of(alert) in telling.past]
        return describe_wave(present, phrases, self.rules, now_ms, marks, self.source, past)
