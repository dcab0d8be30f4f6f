"""Markets to measure on, as hourly frames: recorded ones where they lie beside the checkout, else generated ones.

A frame's index is the UTC time (ms) at which its row was known; an empty cell is unknown. Columns: open, high, low,
close, mark, volume_usd, funding_8h (where one was settled), oi_coins, liq_long, liq_short, skew_30d, dvol (where new),
spot_usd.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec.structs import replace

from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    SpotVolume,
    Venue,
)

FIRST_HOUR_MS = 1_700_006_400_000
"""2023-11-15 00:00 UTC, where generated markets begin."""
RECORDED_UNTIL = pd.Timestamp("2024-08-18", tz="UTC")
"""The recorded open interest and liquidations by the hour end here."""


def recordings() -> Path:
    """The folder of recorded years, told by SEAWALL_RECORDINGS or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    return Path(os.environ.get("SEAWALL_RECORDINGS", beside)) / "history" / "years"


def recorded_market(asset: str, hours: int) -> pd.DataFrame | None:
    """The last `hours` hours of a recorded asset up to the end of its hourly open interest; None where it is absent."""
    found = sorted(recordings().glob(f"*_{asset}.csv.gz")) if recordings().is_dir() else []
    if not found:
        return None
    rows = pd.read_csv(found[0], parse_dates=["open_time_utc"], index_col="open_time_utc")
    rows = rows[rows.index < RECORDED_UNTIL].iloc[-hours:]
    opened_ms = pd.DatetimeIndex(rows.index).as_unit("ms").asi8
    frame = pd.DataFrame(index=pd.Index(opened_ms + HOUR_MS, name="known_at_ms"))
    for name in ("open", "high", "low", "close"):
        frame[name] = rows[name].to_numpy(float)
    frame["mark"] = rows["mark_close"].to_numpy(float)
    frame["volume_usd"] = rows["quote_volume"].to_numpy(float)
    # a rate settled at 08:00 stands in the row that opens then; here it belongs to the row known at 08:00
    frame["funding_8h"] = (
        rows["funding_8h_last_settled"]
        .shift(-1)
        .where(frame.index.to_numpy() % (8 * HOUR_MS) == 0)
        .to_numpy()
    )
    frame["oi_coins"] = _column(rows, "oi_binance_coins_1h")
    frame["liq_long"] = _column(rows, "liq_long_coins_1h")
    frame["liq_short"] = _column(rows, "liq_short_coins_1h")
    frame["skew_30d"] = np.nan
    frame["dvol"] = np.where(frame.index.to_numpy() % DAY_MS == 0, _column(rows, "dvol_1d") / 100.0, np.nan)
    frame["spot_usd"] = np.nan
    return frame


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy(float) if name in rows else np.full(len(rows), np.nan)


def generated_market(seed: int, hours: int) -> pd.DataFrame:
    """A market with every input each hour: clustered volatility, fat tails, leverage that follows price."""
    dice = np.random.default_rng(seed)
    index = pd.Index(FIRST_HOUR_MS + HOUR_MS * np.arange(1, hours + 1), name="known_at_ms")
    sigma = 0.006 * np.exp(_wandering(dice, hours, 0.995, 0.05))
    returns = sigma * dice.standard_t(4, hours) / np.sqrt(2.0)
    close = 50_000.0 * np.exp(np.cumsum(returns))
    frame = pd.DataFrame({"close": close}, index=index)
    frame["open"] = np.concatenate(([50_000.0], close[:-1]))
    reach = np.abs(dice.normal(0.0, 0.6, (2, hours))) * sigma
    frame["high"] = frame[["open", "close"]].max(axis=1) * np.exp(reach[0])
    frame["low"] = frame[["open", "close"]].min(axis=1) * np.exp(-reach[1])
    frame["mark"] = close * np.exp(dice.normal(0.0, 1e-5, hours))
    frame["volume_usd"] = 4e8 * np.exp(dice.normal(0.0, 0.5, hours)) * (sigma / 0.006)
    frame = frame.assign(**_leverage(dice, index, returns))
    return frame.assign(spot_usd=0.3 * frame["volume_usd"] * np.exp(dice.normal(0.0, 0.3, hours)))


def _leverage(dice: np.random.Generator, index: pd.Index, returns: np.ndarray) -> dict[str, np.ndarray]:
    hours, at_ms = len(index), index.to_numpy()
    settled = np.round(0.0001 + 0.0002 * np.maximum(0.0, _wandering(dice, hours, 0.99, 0.2)), 8)
    forced = np.where(dice.random(hours) < 0.8, np.exp(dice.normal(1.0, 1.5, hours)), 0.0)
    points = 0.03 + 0.01 * _wandering(dice, hours, 0.98, 0.2)
    return {
        "funding_8h": np.where(at_ms % (8 * HOUR_MS) == 0, settled, np.nan),
        "oi_coins": 90_000.0 * np.exp(0.15 * _wandering(dice, hours, 0.998, 0.05)),
        "liq_long": forced * (1.0 + 400.0 * np.maximum(0.0, -returns)),
        "liq_short": forced[::-1] * (1.0 + 400.0 * np.maximum(0.0, returns)),
        "skew_30d": points,
        "dvol": np.where(
            at_ms % DAY_MS == 0, 0.5 + 0.1 * np.tanh(_wandering(dice, hours, 0.999, 0.03)), np.nan
        ),
    }


def _wandering(dice: np.random.Generator, hours: int, memory: float, step: float) -> np.ndarray:
    """A mean-reverting walk around zero."""
    steps, walk, at = dice.normal(0.0, step, hours), np.empty(hours), 0.0
    for hour in range(hours):
        at = memory * at + steps[hour]
        walk[hour] = at
    return walk


def steps_of(frame: pd.DataFrame) -> Iterator[tuple[int, tuple[Observation, ...]]]:
    """Each row as the observations of its hour, with the time they were known."""
    names = list(frame.columns)
    for now_ms, values in zip(frame.index.to_list(), frame.to_numpy().tolist(), strict=True):
        yield (
            now_ms,
            tuple(
                _said(
                    now_ms,
                    {name: value for name, value in zip(names, values, strict=True) if isfinite(value)},
                )
            ),
        )


def _said(now_ms: int, cells: Mapping[str, float]) -> Iterator[Observation]:
    venue = Venue.BINANCE
    if "close" in cells:
        prices = (cells["open"], cells["high"], cells["low"], cells["close"], cells.get("mark"))
        yield Candle(venue, now_ms - HOUR_MS, HOUR_MS, *prices, volume_usd=cells.get("volume_usd"))
    if "funding_8h" in cells:
        yield Funding(venue, now_ms, cells["funding_8h"], 8.0)
    if "oi_coins" in cells:
        yield OpenInterest(venue, now_ms, cells["oi_coins"], HOUR_MS)
    if "liq_long" in cells:
        yield Liquidations(venue, now_ms, HOUR_MS, cells["liq_long"], cells["liq_short"])
    if "skew_30d" in cells:
        yield Skew(Venue.DERIBIT, now_ms, HOUR_MS, cells["skew_30d"])
    if "dvol" in cells:
        yield ImpliedVolatility(Venue.DERIBIT, now_ms, DAY_MS, cells["dvol"])
    if "spot_usd" in cells:
        yield SpotVolume(Venue.BYBIT, now_ms, HOUR_MS, cells["spot_usd"])


def minutes_of(said: Iterable[Observation]) -> Iterator[tuple[int, tuple[Observation, ...]]]:
    """An hour's observations as the sixty cycles in which a live service hears them.

    Candles join into the hour's candle, liquidations sum to the hour's; open interest and a predicted funding rate
    come each minute, skew each quarter of an hour.
    """
    hour = {type(one): one for one in said}
    candle = hour.get(Candle)
    if not isinstance(candle, Candle):
        return
    for minute in range(60):
        now_ms = candle.open_at_ms + (minute + 1) * MINUTE_MS
        yield now_ms, tuple(_said_in_minute(hour, candle, minute, now_ms))


def _said_in_minute(
    hour: Mapping[type, Observation], candle: Candle, minute: int, now_ms: int
) -> Iterator[Observation]:
    yield _minute_candle(candle, minute)
    until_ms = now_ms - now_ms % (8 * HOUR_MS) + 8 * HOUR_MS
    predicted = 0.0001 + minute * 1e-8
    yield Funding(candle.venue, now_ms, predicted, 8.0, settled=False, next_at_ms=until_ms)
    for said in hour.values():
        match said:
            case OpenInterest():
                yield replace(
                    said, known_at_ms=now_ms, coins=said.coins * (1 + minute * 1e-6), cadence_ms=MINUTE_MS
                )
            case Liquidations():
                longs, shorts = said.long_coins / 60, said.short_coins / 60
                yield Liquidations(said.venue, now_ms, MINUTE_MS, longs, shorts)
            case Skew() if minute % 15 == 14:
                yield replace(said, known_at_ms=now_ms, cadence_ms=15 * MINUTE_MS)
            case Funding() | ImpliedVolatility() | SpotVolume() if minute == 59:
                yield said
            case _:
                pass


def _minute_candle(hour: Candle, minute: int) -> Candle:
    """One of sixty candles on a straight line from open to close, with the hour's high and low on the way."""
    path = hour.close_usd - hour.open_usd
    opened, closed = hour.open_usd + path * minute / 60, hour.open_usd + path * (minute + 1) / 60
    closed = hour.close_usd if minute == 59 else closed
    return replace(
        hour,
        open_at_ms=hour.open_at_ms + minute * MINUTE_MS,
        step_ms=MINUTE_MS,
        open_usd=opened,
        high_usd=hour.high_usd if minute == 20 else max(opened, closed),
        low_usd=hour.low_usd if minute == 40 else min(opened, closed),
        close_usd=closed,
        mark_close_usd=closed,
        volume_usd=None if hour.volume_usd is None else hour.volume_usd / 60,
    )
