"""From files of alerts and of markets to scorecards, one for each kind and severity."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TextIO

from bot.answers import time_text
from bot.recorded import read_files
from bot.running import ANSWERED, WrongRequest
from bot.scoring.alert_lines import Told, groups, read_alerts
from bot.scoring.scored import Scored
from bot.scoring.words import as_json, in_words
from market.evaluation.recorded import Recorded
from market.evaluation.scorecard import (
    BASELINES,
    PRICE,
    RANDOM,
    WANTED,
    Card,
    Markets,
    ScoredBy,
    Unscored,
    card,
    markets_of,
)
from market.observations import HOUR_MS, MINUTE_MS, Asset
from market.rules import Rules
from scheduler.batch.gathering import gather_columns
from scheduler.history_files import HistoryFile

MOST_GROUPS = 60
LONGEST_REFRACTORY_HOURS = 24 * 31


def score_files(
    alerts: Path,
    paths: Sequence[Path],
    stdout: TextIO,
    *,
    columns: int,
    refractory_hours: Sequence[int] = (),
    asset: Asset | None = None,
    is_json: bool = False,
) -> int:
    """Score a file of alerts on recorded markets and say what they were worth. Gives 0.

    Raises WrongRequest for a file that cannot be read, files of an asset that overlap, and markets too short to score.
    """
    by = ScoredBy()
    hours = tuple(dict.fromkeys(refractory_hours)) or (
        by.matching.refractory_hours,
        by.matching.episode_hours,
    )
    if any(not 0 <= one <= LONGEST_REFRACTORY_HOURS for one in hours):
        raise WrongRequest(f"A refractory time is from 0 to {LONGEST_REFRACTORY_HOURS} hours, such as 6.")
    files = read_files(paths, asset)
    runs = adjoining(files)
    told = read_alerts(alerts, {file.asset for file in files})
    recorded = _recorded(runs)
    markets = _markets(recorded, by)
    flat = _markets(recorded, replace(by, label=replace(by.label, sigmas=0.0)))
    scored = score(markets, flat, told.told, hours, told.news)
    stdout.write(as_json(scored) if is_json else in_words(scored, columns))
    return ANSWERED


def _recorded(runs: Sequence[Sequence[HistoryFile]]) -> list[Recorded]:
    """What is needed of the files. Raises WrongRequest for bars that cannot be scored."""
    for file in (file for run in runs for file in run):
        if file.step_ms != HOUR_MS:
            raise WrongRequest(
                f"{file.path.name}: bars of an hour are scored, these are of {file.step_ms / MINUTE_MS:g} minutes."
            )
    return gathered(runs)


def _markets(recorded: Sequence[Recorded], by: ScoredBy) -> Markets:
    """The markets of the files. Raises WrongRequest for markets too short."""
    try:
        return markets_of(recorded, by)
    except ValueError as wrong:
        days = by.score.warm_up_hours // 24
        raise WrongRequest(
            f"The files are too short: {wrong}. Scoring begins {days} days into one and ends a day before its end."
        ) from wrong


def score(markets: Markets, flat: Markets, told: Sequence[Told], hours: Sequence[int], news: int) -> Scored:
    """A card for each kind and severity, and for each refractory time; `flat` are the same markets by price alone."""
    found = {one: markets.find(one.asset, one.at_ms) for one in told}
    unscored = Counter(place for one in told if isinstance(place := found[one], Unscored))
    strangers = sorted({one.asset for one, place in found.items() if place is Unscored.NO_FILE})
    grouped = groups([one for one in told if not isinstance(found[one], Unscored)])
    if len(grouped) > MOST_GROUPS:
        raise WrongRequest(
            f"{len(grouped)} kinds and severities are more than are told apart ({MOST_GROUPS})."
        )
    cards: dict[tuple[str, str], list[Card]] = {}
    flat_cards: dict[tuple[str, str], list[Card]] = {}
    for (kind, severity), mine in grouped.items():
        by_market: list[list[int]] = [[] for _ in markets.each]
        for one in mine:
            place = found[one]
            if not isinstance(place, Unscored):
                by_market[place].append(one.at_ms)
        # single metrics stand beside a kind; its severities are compared with price and chance
        names = (PRICE, RANDOM) if severity else (RANDOM, *BASELINES)
        cards[kind, severity] = [card(markets, by_market, one, names) for one in hours]
        flat_cards[kind, severity] = [card(flat, by_market, one, ()) for one in hours]
    return Scored(markets, len(told) + news, news, unscored, strangers, cards, flat_cards)


def adjoining(files: Sequence[HistoryFile]) -> list[list[HistoryFile]]:
    """Files of an asset that follow each other without a gap together. Raises WrongRequest where two overlap."""
    runs: list[list[HistoryFile]] = []
    ordered = sorted(files, key=lambda file: (file.asset, file.first_close_ms))
    for _, mine in groupby(ordered, key=lambda file: file.asset):
        last: HistoryFile | None = None
        for file in mine:
            if last is not None and file.first_close_ms <= last.last_close_ms:
                raise WrongRequest(
                    f"{last.path.name} and {file.path.name} overlap: {file.asset} from "
                    f"{time_text(file.first_close_ms)} to {time_text(min(last.last_close_ms, file.last_close_ms))} is in both."
                )
            if last is not None and file.first_close_ms == last.last_close_ms + last.step_ms:
                runs[-1].append(file)
            else:
                runs.append([file])
            last = file
    return runs


def gathered(runs: Sequence[Sequence[HistoryFile]]) -> list[Recorded]:
    """The columns of every market, several at a time."""
    jobs = min(len(runs), os.cpu_count() or 1)
    if jobs == 1:
        return [gather_columns(run, WANTED, Rules()) for run in runs]
    with ProcessPoolExecutor(jobs) as processes:
        return list(processes.map(_gathered, runs))


def _gathered(run: Sequence[HistoryFile]) -> Recorded:
    return gather_columns(run, WANTED, Rules())
