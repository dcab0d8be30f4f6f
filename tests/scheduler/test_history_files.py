"""History files: what a row says, when it was known, and what is refused."""

import gzip
from pathlib import Path

import pytest

from market.observations import (
    DAY_MS,
    HOUR_MS,
    Candle,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    Venue,
)
from scheduler.history_files import BadHistory, merge, read_history

HEAD = "open_time_utc,open,high,low,close"


def written(folder: Path, text: str, name: str = "small_BTC.csv") -> Path:
    """A history file of this text."""
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def told(folder: Path, text: str) -> list[tuple[int, tuple[Observation, ...]]]:
    """What each bar says, by the time of its close."""
    return [(now_ms, said) for now_ms, _, said in read_history(written(folder, text)).steps()]


def test_a_bar_is_known_when_it_closes(tmp_path: Path) -> None:
    ((now_ms, (candle,)),) = told(tmp_path, f"{HEAD}\n2024-01-01 00:00:00+00:00,1,3,0.5,2\n")
    assert isinstance(candle, Candle)
    assert now_ms == candle.known_at_ms == 1_704_067_200_000 + HOUR_MS
    assert (candle.open_usd, candle.high_usd, candle.low_usd, candle.close_usd) == (1.0, 3.0, 0.5, 2.0)
    assert (candle.mark_close_usd, candle.volume_usd) == (None, None)


def test_an_empty_cell_is_unknown_and_never_zero(tmp_path: Path) -> None:
    text = f"{HEAD},oi_binance_coins_1h,liq_long_coins_1h,liq_short_coins_1h\n2024-01-01T00:00:00Z,1,3,0.5,2,,0,\n"
    ((_, said),) = told(tmp_path, text)
    assert [type(one) for one in said] == [Candle]


def test_funding_is_told_once_a_settlement_from_when_it_was_settled(tmp_path: Path) -> None:
    rows = "\n".join(f"2024-01-01T{hour:02}:00:00Z,1,1,1,1,0.0001" for hour in range(6, 18))
    steps = told(tmp_path, f"{HEAD},funding_8h_last_settled\n{rows}\n")
    settled = [
        (now_ms, one.known_at_ms) for now_ms, said in steps for one in said if isinstance(one, Funding)
    ]
    start = 1_704_067_200_000
    assert settled == [
        (start + 7 * HOUR_MS, start),
        (start + 9 * HOUR_MS, start + 8 * HOUR_MS),
        (start + 17 * HOUR_MS, start + 16 * HOUR_MS),
    ]


def test_daily_open_interest_becomes_coins_by_the_first_hour_that_knows_it_and_is_held(
    tmp_path: Path,
) -> None:
    prices = (100.0, 200.0, 400.0)
    rows = [f"2024-01-01T{hour:02}:00:00Z,{p},{p},{p},{p},1000" for hour, p in enumerate(prices)]
    steps = told(tmp_path, f"{HEAD},oi_agg_usd_1d_cryptoquant\n" + "\n".join(rows) + "\n")
    interest = [one for _, said in steps for one in said if isinstance(one, OpenInterest)]
    assert [(one.venue, one.coins, one.cadence_ms) for one in interest] == [(Venue.CRYPTOQUANT, 10.0, DAY_MS)]
    assert interest[0].known_at_ms == 1_704_067_200_000


def test_every_column_has_its_observation(tmp_path: Path) -> None:
    head = (
        f"{HEAD},volume,quote_volume,mark_close,funding_8h_last_settled,hl_funding_1h,oi_binance_coins_1h,"
        "oi_hyperliquid_usd_1h,liq_long_coins_1h,liq_short_coins_1h,oi_agg_usd_1d_coinglass,dvol_1d,skew25_7d,skew25_30d,atm_30d"
    )
    row = "2024-01-01T00:00:00Z,1,3,1,2,10,20,2.5,0.0001,0.00001,5,10,1,2,100,50,0.08,0.07,0.5"
    ((_, said),) = told(tmp_path, f"{head}\n{row}\n")
    kinds = [type(one) for one in said]
    assert kinds.count(OpenInterest) == 3
    assert kinds.count(Funding) == 2
    assert {Candle, Liquidations, ImpliedVolatility, Skew} <= set(kinds)
    dvol = next(one for one in said if isinstance(one, ImpliedVolatility))
    assert dvol.dvol == 0.5
    hyperliquid = next(
        one for one in said if isinstance(one, OpenInterest) and one.venue is Venue.HYPERLIQUID
    )
    assert hyperliquid.coins == 10 / 2.5


def test_a_row_without_prices_brings_only_what_else_it_has(tmp_path: Path) -> None:
    ((_, said),) = told(tmp_path, f"{HEAD},funding_8h_last_settled\n2022-01-01T00:00:00Z,,,,,0.0001\n")
    assert [type(one) for one in said] == [Funding]


def test_a_packed_file_reads_the_same_and_the_asset_may_be_told(tmp_path: Path) -> None:
    text = f"{HEAD}\n2024-01-01T00:00:00Z,1,1,1,1\n"
    assert read_history(written(tmp_path, text, "x_ETH.csv.gz")).asset == "ETH"
    assert read_history(written(tmp_path, text, "nameless.csv"), "SOL").asset == "SOL"


def test_files_are_merged_by_time(tmp_path: Path) -> None:
    rows = "2024-01-01T00:00:00Z,1,1,1,1\n2024-01-01T01:00:00Z,1,1,1,1\n"
    files = [read_history(written(tmp_path, f"{HEAD}\n{rows}", f"x_{asset}.csv")) for asset in ("ETH", "BTC")]
    assert [asset for _, asset, _ in merge(files)] == ["BTC", "ETH", "BTC", "ETH"]
    assert len(list(merge(files, files[0].first_close_ms))) == 2


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("nameless.csv", f"{HEAD}\n2024-01-01T00:00:00Z,1,1,1,1\n", "no asset in its name"),
        ("x_BTC.csv", "open_time_utc,open,high,low\n2024-01-01T00:00:00Z,1,1,1\n", "column close is missing"),
        ("x_BTC.csv", f"{HEAD}\n", "no bars"),
        ("x_BTC.csv", "", "not a readable CSV"),
        ("x_BTC.csv", f"{HEAD}\nyesterday,1,1,1,1\n", "must be ISO 8601"),
        (
            "x_BTC.csv",
            f"{HEAD}\n2024-01-01T01:00:00Z,1,1,1,1\n2024-01-01T00:00:00Z,1,1,1,1\n",
            "ascending order",
        ),
        (
            "x_BTC.csv",
            f"{HEAD}\n2024-01-01T01:00:00Z,1,1,1,1\n2024-01-01T01:00:00Z,1,1,1,1\n",
            "ascending order",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    with pytest.raises(BadHistory, match=why):
        read_history(written(tmp_path, text, name))


def test_a_missing_file_and_a_broken_archive_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadHistory, match="no such file"):
        read_history(tmp_path / "gone_BTC.csv")
    broken = tmp_path / "x_BTC.csv.gz"
    broken.write_bytes(b"not gzip")
    with pytest.raises(BadHistory, match="not a readable"):
        read_history(broken)
