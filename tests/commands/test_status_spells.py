"""/status tells when the service was blind in the last day, and nothing of what is longer ago."""

from commands.protocol.dispatch import answer
from commands.protocol.request import Context
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from store.in_memory import FeedInMemory, SnapshotsInMemory
from store.services import Blinded, FeedStatus, Services, Spell
from tests.commands.markets import NOW_MS, crowding

NOON_MS = NOW_MS - NOW_MS % DAY_MS + 12 * HOUR_MS


class Known:
    def __init__(self, *spells: Spell) -> None:
        self._spells = spells

    async def spells(self) -> tuple[Spell, ...]:
        """What the test says."""
        return self._spells


async def told(*spells: Spell, language: str = "en") -> tuple[str, object]:
    feed = FeedInMemory(FeedStatus("live", NOON_MS, MINUTE_MS, 200))
    services = Services(SnapshotsInMemory(("BTC",), (crowding(),)), feed, sight=Known(*spells))
    reply = await answer("/status", Context(services, NOON_MS, language=language))
    return str(reply.blocks), reply.data["blind"]


async def test_a_time_of_blindness_is_told_with_its_cause() -> None:
    words, data = await told(
        Spell(NOON_MS - 5 * HOUR_MS, NOON_MS - 5 * HOUR_MS + 32 * MINUTE_MS, Blinded.STORE)
    )
    assert "Seawall was blind 07:00 to 07:32 UTC: the store was away." in words
    assert isinstance(data, list)
    assert data[0]["why"] == "store"


async def test_the_newest_two_are_told_and_none_of_yesterday() -> None:
    spells = [
        Spell(NOON_MS - age * HOUR_MS, NOON_MS - age * HOUR_MS + MINUTE_MS, Blinded.EXCHANGES)
        for age in (1, 2, 3)
    ]
    words, _ = await told(*spells)
    assert words.count("was blind") == 2
    words, data = await told(Spell(NOON_MS - 26 * HOUR_MS, NOON_MS - 25 * HOUR_MS, Blinded.STOPPED))
    assert "was blind" not in words
    assert data == []


async def test_in_spanish_as_well() -> None:
    spell = Spell(NOON_MS - HOUR_MS, NOON_MS - HOUR_MS + 8 * MINUTE_MS, Blinded.STOPPED)
    words, _ = await told(spell, language="es")
    assert "11:00 a 11:08 UTC: no estaba en marcha" in words
