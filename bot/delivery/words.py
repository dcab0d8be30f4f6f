"""From what a chat is to be told to the message itself: language and source are chosen here, facts are not changed."""

from dataclasses import dataclass, field

from commands.protocol.phrases import ORIGINAL, phrases_in
from commands.protocol.reply import Reply
from commands.protocol.style import written_in
from commands.wording.plan_news import NewsMarks, describe_news
from commands.wording.wave import Marks, describe_wave
from market.plans import PlanNews
from market.report import LIVE
from market.rules import AlertRules, Rules
from scheduler.subscriptions.group import LATE_MS, Telling, Why, key_of
from store.chats import Chat


@dataclass(frozen=True, slots=True)
class Words:
    """Words a telling. `source` is where the market comes from: a simulated one says so on every message.

    `desk_rules` are those of plans and sizes.
    """

    rules: AlertRules = field(default_factory=AlertRules)
    source: str = LIVE
    desk_rules: Rules = field(default_factory=Rules)

    def reply(self, telling: Telling, chat: Chat, now_ms: int, *, is_repeat: bool) -> Reply:
        """The message of a telling that shows something."""
        marks = Marks(
            is_late=telling.is_late,
            is_held=telling.why is Why.STILL_STANDS,
            is_repeat=is_repeat,
            is_over=telling.why is Why.OVER,
            is_sample=telling.why is Why.SAMPLE,
        )
        phrases = phrases_in(chat.written_in or ORIGINAL)
        present = [alert for alert in telling.shown if key_of(alert) not in telling.past]
        past = [alert for alert in telling.shown if key_of(alert) in telling.past]
        with written_in(phrases.style):
            return describe_wave(present, phrases, self.rules, now_ms, marks, self.source, past)

    def plans(
        self, news: tuple[PlanNews, ...], language: str, now_ms: int, *, is_old: bool, is_repeat: bool
    ) -> Reply:
        """The message that tells somebody of their plans. `is_old`: too old to act on without a look at what holds now."""
        is_late = now_ms - min(one.at_ms for one in news) > LATE_MS
        marks = NewsMarks(is_late, is_old, is_repeat)
        phrases = phrases_in(language)
        with written_in(phrases.style):
            return describe_news(news, phrases, self.desk_rules, now_ms, marks)
