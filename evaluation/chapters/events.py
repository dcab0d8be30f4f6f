"""Which sell-offs there were: events by price, for several falls, with and without the sigma leg."""

from collections import Counter
from datetime import UTC, datetime

from evaluation.study import Chapter, Study, Written
from evaluation.tables import share, table
from market.evaluation.labels import is_sell_off_ahead
from market.evaluation_rules import LabelRules

FALLS = (0.05, 0.07, 0.10, 0.12)
SIGMAS = (2.5, 0.0)


def write(study: Study) -> Written:
    """Counts by fall, year and asset, and how many hours lie before a fall."""
    years = sorted({_year(event.onset_ms) for events in study.events.values() for event in events})
    rows, facts = [], {}
    for sigmas in SIGMAS:
        for fall in FALLS:
            label = LabelRules(fall=fall, sigmas=sigmas)
            for one in study.recorded:
                events = study.events_of(one, label)
                count = Counter(_year(event.onset_ms) for event in events)
                ahead = [
                    said
                    for said, scored in zip(
                        is_sell_off_ahead(one.bars, label), study.is_scored(one), strict=True
                    )
                    if scored and said is not None
                ]
                positive = sum(ahead) / len(ahead) if ahead else float("nan")
                leg = f"{sigmas:g} sigma" if sigmas else "none"
                rows.append(
                    [
                        f"{fall:.0%}",
                        leg,
                        one.asset,
                        *(str(count[year]) for year in years),
                        str(len(events)),
                        share(positive),
                    ]
                )
                facts[f"{fall:g}/{sigmas:g}/{one.asset}"] = len(events)
    head = ["fall", "sigma leg", "asset", *map(str, years), "all", "hours before one"]
    return Written(table(head, rows), {"counts": facts})


def _year(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).year


CHAPTER = Chapter(10, "events", "The sell-offs", write)
