"""How old everything is that is read of the assets: one line for those that are well, one for each that lacks something."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.panel import FIVE, OPTIONS_MARKETS, unseen
from market.reading import Presence, Reading
from market.report import market_time
from market.snapshot import Snapshot

MOST_ROWS = 8


def age_table(snapshots: Sequence[Snapshot], phrases: Phrases, now_ms: int) -> tuple[str, ...]:
    """The age of each of the five: a stale one carries a mark, an absent one a dash; of those that are well the oldest."""
    lacking = [one for one in snapshots if missing_inputs(one)]
    well = [one for one in snapshots if not missing_inputs(one)]
    head = f"{'':<8}" + "".join(f"{phrases.word('reading', name):>5} " for name in FIVE)
    rows = [_row(one.asset, [one], now_ms) for one in lacking[:MOST_ROWS]]
    if len(lacking) > MOST_ROWS:
        rows.append(fit(phrases.say("status.more_rows", count=len(lacking) - MOST_ROWS)))
    if len(well) == 1:
        rows.append(_row(well[0].asset, well, now_ms))
    elif well:
        rows.append(_row(phrases.say("status.fine", count=len(well)), well, now_ms))
    return (fit(head), *rows)


def missing_inputs(snapshot: Snapshot) -> tuple[str, ...]:
    """The inputs that are not seen and could be: an asset without an options market of its own has no skew to miss."""
    return tuple(
        name
        for name in FIVE
        if _presence(snapshot.reading(name)) is not Presence.SEEN and not _is_no_market(snapshot, name)
    )


def blind_words(snapshots: Sequence[Snapshot], phrases: Phrases, now_ms: int) -> list[str]:
    """Every asset's inputs that are missing, and why: "BTC funding too old (34min)"."""
    return [
        f"{one.asset} {told}"
        for one in snapshots
        for told in unseen(one, phrases, market_time(one, now_ms), missing_inputs(one))
    ]


def _presence(reading: Reading | None) -> Presence:
    return Presence.ABSENT if reading is None else reading.presence


def _is_no_market(snapshot: Snapshot, name: str) -> bool:
    is_absent = _presence(snapshot.reading(name)) is Presence.ABSENT
    return name == "skew" and is_absent and snapshot.asset not in OPTIONS_MARKETS


def _row(label: str, snapshots: Sequence[Snapshot], now_ms: int) -> str:
    cells = "".join(f"{_oldest(snapshots, name, now_ms):>5} " for name in FIVE)
    return fit(f"{label[:7]:<8}{cells}")


def _oldest(snapshots: Sequence[Snapshot], name: str, now_ms: int) -> str:
    ages = []
    for snapshot in snapshots:
        reading = snapshot.reading(name)
        if reading is not None and reading.asof_ms is not None and reading.presence is not Presence.ABSENT:
            ages.append((market_time(snapshot, now_ms) - reading.asof_ms, reading.presence is Presence.STALE))
    if not ages:
        return "-"
    age_ms, is_stale = max(ages)
    return ("!" if is_stale else "") + numbers.age(age_ms).replace("min", "m")
