"""What the demo tells while its market goes on: in the language its reader has chosen."""

from dataclasses import replace

from bot.demo.story import Story
from market.plans import Happened
from market.rules import Rules
from tests.bot.delivery.plans import news
from tests.commands.markets import NOW_MS, crowding
from tests.store.samples import FIRED


def told(story: Story) -> str:
    return "\n".join(
        story.tell(crowding(), (replace(FIRED, at_ms=NOW_MS, opened_ms=NOW_MS),), (news(Happened.TRIM),))
    )


def test_warnings_and_news_of_plans_are_told_in_the_language_that_was_chosen() -> None:
    english, spanish = Story(NOW_MS - 60_000, Rules()), Story(NOW_MS - 60_000, Rules())
    spanish.speak_in("es")
    said, dicho = told(english), told(spanish)
    assert "! ALERTA #c7f2 BTC" in dicho
    for word in ("WARNING", "Already lost", "Price"):
        assert word in said
        assert word not in dicho


def test_a_state_is_named_in_that_language_with_its_numbers() -> None:
    story = Story(NOW_MS - 60_000, Rules())
    story.speak_in("es")
    first, second, *_ = story.tell(crowding(), (), ())
    assert first == "[SIM d1 00:01] BTC 64.210  SATURACIÓN  5 de 5 leídos"
    assert second == "  Cae, y el apalancamiento no se va."
