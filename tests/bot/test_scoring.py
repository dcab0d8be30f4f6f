"""`seawall score`: what alerts were worth, in words and numbers; what cannot be read is refused in words."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.running import WrongRequest
from bot.scoring import score_files
from bot.scoring.alert_lines import read_alerts
from tests.bot.programs import Room, room
from tests.recorded import sell_off

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HEADER = "open_time_utc,open,high,low,close\n"
FALL = 0.12
FEW, MANY = (500, 1_000, 1_500), tuple(range(300, 2_700, 100))
MONTHS = 3_000


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


def market(
    folder: Path,
    falls: Sequence[int],
    rows: int = 2_000,
    name: str = "made_BTC.csv",
    first: int = 0,
    minutes: int = 60,
    noise: float = 0.0,
) -> Path:
    """Bars that go up and down by a thousandth, and fall by 12 % in the hours of `falls`, back up over two days."""
    price, said, dice = 100.0, list[str](), Random(7)
    for row in range(rows):
        opened = price
        price *= 1.001 if row % 2 else 1 / 1.001
        price *= 1 - FALL if row in falls else exp(dice.gauss(0.0, noise))
        price *= (1 / (1 - FALL)) ** (1 / 48) if any(0 < row - fall <= 48 for fall in falls) else 1.0
        if row >= first:
            at = BEGIN + timedelta(minutes=minutes * row)
            wick = max(0.0005, noise)
            high, low = max(opened, price) * (1 + wick), min(opened, price) * (1 - wick)
            said.append(f"{at.isoformat()},{opened},{high},{low},{price}\n")
    path = folder / name
    path.write_text(HEADER + "".join(said))
    return path


def at(hour: float) -> str:
    """When the bar of this hour closes."""
    return (BEGIN + timedelta(hours=hour + 1)).isoformat().replace("+00:00", "Z")


def alerts(folder: Path, *hours: float, **more: str) -> Path:
    """A file of alerts of one kind at these hours."""
    return lines(folder, *({"at": at(hour), "asset": "BTC", **more} for hour in hours))


def lines(folder: Path, *said: Mapping[str, object] | str) -> Path:
    path = folder / "alerts.jsonl"
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in said)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def words(told: Path, *files: Path, columns: int = 80, hours: Sequence[int] = ()) -> str:
    out = io.StringIO()
    assert score_files(told, files, out, columns=columns, refractory_hours=hours) == 0
    return out.getvalue()


def numbers(told: Path, *files: Path, hours: Sequence[int] = (6,)) -> dict[str, Any]:
    out = io.StringIO()
    assert score_files(told, files, out, columns=80, refractory_hours=hours, is_json=True) == 0
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def refused(told: Path, *files: Path, **options: Any) -> str:
    with pytest.raises(WrongRequest) as wrong:
        score_files(told, files, io.StringIO(), columns=80, **options)
    return str(wrong.value)


def _of(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Lists and objects of such values, with the keys that alerts have."""
    keys = st.sampled_from(["at", "asset", "kind", "severity", "edge"]) | st.text(max_size=5)
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6)


# ------------------------------------------------------------------------------------------ what they were worth


def test_alerts_are_right_false_or_inside_and_some_are_dropped(tmp_path: Path) -> None:
    file = market(tmp_path, FEW)
    said = numbers(alerts(tmp_path, 494, 497, 750, 1_005, 1_496), file)
    (one,) = said["scores"]
    assert said["markets"][0]["sell_offs"] == [at(hour).replace(":00Z", "Z") for hour in FEW]
    assert (one["kind"], one["severity"], one["refractory_hours"]) == ("alert", None, 6)
    assert (one["right"], one["false"], one["inside"], one["dropped"]) == (2, 1, 1, 1)
    assert (one["warned"], one["events"], one["counted"]) == (2, 3, 3)
    assert one["precision"]["value"] == pytest.approx(2 / 3)
    assert one["recall"]["value"] == pytest.approx(2 / 3)
    assert one["recall_wilson"] == pytest.approx([0.254, 0.922], abs=0.001)  # at 90 %
    assert one["lead_hours"] == [4.5, 5.0, 5.5]


def test_false_alarms_are_by_symbol_month_and_hours_under_an_alert_by_hours(tmp_path: Path) -> None:
    said = numbers(alerts(tmp_path, 750, 1_200), market(tmp_path, FEW))
    hours = 2_000 - 168 - 24  # a week of warm-up, and the last day, whose day ahead is not known
    assert said["symbol_months"] == pytest.approx(hours / 720)
    (one,) = said["scores"]
    assert one["false_a_month"]["value"] == pytest.approx(2 * 720 / hours)
    assert one["alert_hours"] == pytest.approx(48 / hours)
    assert one["lead_hours"] is None


def test_what_was_lost_already_is_the_day_before_each_alert(tmp_path: Path) -> None:
    file = market(tmp_path, (500, 550))
    (one,) = numbers(alerts(tmp_path, 540), file)["scores"]
    # 40 hours after the first fall half of the recovery lies in the last day: (1/.88)^(24/48)
    assert one["lost"][1] == pytest.approx((1 / (1 - FALL)) ** 0.5 - 1, abs=1e-3)


def test_kinds_and_severities_are_told_apart_and_news_of_a_warning_is_none(tmp_path: Path) -> None:
    edges = (("fired", "watch", 490), ("escalated", "warning", 495), ("resolved", "warning", 520))
    told = lines(
        tmp_path,
        *({"at": at(hour), "kind": "cascade", "severity": loud, "edge": edge} for edge, loud, hour in edges),
        {"at": at(1_490), "kind": "other"},
        "",
    )
    said = numbers(told, market(tmp_path, FEW))
    assert (said["lines"], said["news"]) == (4, 1)
    found = {(one["kind"], one["severity"]): one["counted"] for one in said["scores"]}
    assert found == {
        ("cascade", None): 1,
        ("cascade", "watch"): 1,
        ("cascade", "warning"): 1,
        ("other", None): 1,
    }


def test_a_wave_counts_once_for_its_kind_and_for_each_severity_it_came_to(tmp_path: Path) -> None:
    told = lines(
        tmp_path,
        {"at": at(480), "kind": "cascade", "severity": "watch", "edge": "fired"},
        {"at": at(490), "kind": "cascade", "severity": "critical", "edge": "escalated"},
    )
    found = {one["severity"]: one["right"] for one in numbers(told, market(tmp_path, FEW))["scores"]}
    assert found == {None: 1, "watch": 1, "critical": 1}


def test_price_alone_and_chance_stand_beside_and_what_is_not_in_the_files_is_said(tmp_path: Path) -> None:
    (one,) = numbers(alerts(tmp_path, 494, 750), market(tmp_path, FEW))["scores"]
    beside = {other["name"]: other for other in one["beside"]}
    assert set(beside) >= {"random", "shock_24h", "drawdown_7d", "funding", "oi_rank", "skew_z", "volatility"}
    assert 0.0 < beside["random"]["precision"]["value"] < 0.1
    assert beside["random"]["above"]["value"] == pytest.approx(0.5 - beside["random"]["precision"]["value"])
    assert beside["funding"]["precision"]["value"] is None
    assert "funding    not in the files" in words(alerts(tmp_path, 494, 750), market(tmp_path, FEW))


def test_the_label_without_its_sigma_leg_stands_beside_it(tmp_path: Path) -> None:
    # so wild that 12 % are often no 2.5 sigma
    file, told = market(tmp_path, MANY, MONTHS, noise=0.006), alerts(tmp_path, *(fall - 5 for fall in MANY))
    (one,) = numbers(told, file)["scores"]
    flat = one["without_sigma_leg"]
    assert flat["right"] > one["right"] > 0
    assert flat["beside"] == []
    line = next(line for line in words(told, file, hours=[6]).splitlines() if line.startswith("7% alone"))
    assert f"{flat['right']} of {flat['right'] + flat['false']}" in line


# ------------------------------------------------------------------------------------------ how sure it is


def test_below_twenty_event_days_nothing_is_established(tmp_path: Path) -> None:
    said = words(alerts(tmp_path, 494, 994, 1_494), market(tmp_path, FEW))
    assert "NOT ESTABLISHED: 3 days with a sell-off, 20 are needed." in said
    assert "Not established: too few days." in said
    assert "Better" not in said
    assert numbers(alerts(tmp_path, 494), market(tmp_path, FEW))["established"] is False


def test_alerts_that_know_the_truth_are_better_than_chance_and_than_price(tmp_path: Path) -> None:
    file = market(tmp_path, MANY, MONTHS, noise=0.005)
    said = words(alerts(tmp_path, *(fall - 5 for fall in MANY)), file, hours=[6])
    assert "right      100% [100-100]" in said
    assert "23 of 23" in said
    assert "Better than chance." in said
    assert "Better than price alone." in said
    assert "NOT ESTABLISHED" not in said


def test_a_signal_whose_alerts_all_come_during_sell_offs_has_no_share(tmp_path: Path) -> None:
    said = words(alerts(tmp_path, *(fall - 5 for fall in MANY)), market(tmp_path, MANY, MONTHS), hours=[6])
    assert "price 24 h none that counts" in said
    assert "than price alone" not in said


def test_alerts_that_know_nothing_are_not_called_better(tmp_path: Path) -> None:
    file = market(tmp_path, MANY, MONTHS)
    said = words(alerts(tmp_path, *(fall - 45 for fall in MANY[:20])), file, hours=[6])
    assert "right      0.0% [0-0]" in said
    assert "Better" not in said


# ------------------------------------------------------------------------------------------ how it is told


@pytest.mark.parametrize("columns", [20, 37, 60, 100, 300])
def test_it_fits_from_a_phone_to_a_wide_terminal(columns: int, tmp_path: Path) -> None:
    told = lines(
        tmp_path,
        {"at": at(494), "asset": "BTC", "kind": "a kind with quite a long name of its own"},
        *({"at": at(600 + hour), "asset": f"COIN{hour}", "kind": "x"} for hour in range(8)),
    )
    said = words(told, market(tmp_path, FEW), columns=columns)
    longest = max(len(line) for line in said.splitlines())
    assert longest <= max(37, min(100, columns))
    assert "8 of assets without a file" in " ".join(said.split())


def test_shares_are_cut_off_and_intervals_are_not_narrowed(tmp_path: Path) -> None:
    said = words(alerts(tmp_path, 494, 750, 1_496), market(tmp_path, FEW), hours=[6])
    assert "right      66% [" in said  # two of three
    assert "2 of 3" in said


def test_both_refractory_times_are_told_unless_one_is_asked_for(tmp_path: Path) -> None:
    file, told = market(tmp_path, FEW), alerts(tmp_path, 480, 490)
    assert [one["counted"] for one in numbers(told, file, hours=())["scores"]] == [2, 1]
    assert [one["counted"] for one in numbers(told, file, hours=(12,))["scores"]] == [1]


# ------------------------------------------------------------------------------------------ what is not scored


def test_alerts_outside_the_files_are_said_and_not_scored(tmp_path: Path) -> None:
    told = lines(
        tmp_path,
        *({"at": at(hour), "asset": "BTC"} for hour in (-5, 2_500, 20, 1_990, 494)),
        {"at": at(494), "asset": "DOGE"},
    )
    file = market(tmp_path, FEW)
    said = numbers(told, file)
    assert said["not_scored"] == {"no_file": 1, "outside": 2, "warm_up": 1, "unknown": 1}
    assert said["strangers"] == ["DOGE"]
    assert said["scores"][0]["counted"] == 1
    text = " ".join(words(told, file).split())
    assert "1 of assets without a file (DOGE); 2 outside the files; 1 whose day ahead is not known; " in text
    assert "1 in the first 7 days of a file." in text


def test_no_alert_at_all_is_said(tmp_path: Path) -> None:
    said = words(lines(tmp_path), market(tmp_path, FEW))
    assert "0 alerts" in said
    assert said.rstrip().endswith("No alert is scored.")


def test_alerts_between_two_files_of_an_asset_are_outside(tmp_path: Path) -> None:
    files = [market(tmp_path, FEW, 900, "a_BTC.csv"), market(tmp_path, FEW, 2_000, "b_BTC.csv", first=950)]
    said = numbers(alerts(tmp_path, 494, 925, 1_000, 1_490), *files)
    assert said["not_scored"] == {"no_file": 0, "outside": 1, "warm_up": 1, "unknown": 0}
    assert said["scores"][0]["right"] == 2


def test_files_that_adjoin_are_one_market_without_a_second_warm_up(tmp_path: Path) -> None:
    whole = numbers(alerts(tmp_path, 494, 920, 1_490), market(tmp_path, FEW))
    parts = [market(tmp_path, FEW, 900, "a_BTC.csv"), market(tmp_path, FEW, 2_000, "b_BTC.csv", first=900)]
    assert numbers(alerts(tmp_path, 494, 920, 1_490), *parts)["scores"] == whole["scores"]


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello", "it is no JSON"),
        ("[1, 2]", "it is no JSON object"),
        ("[" * 60_000, "it is no JSON"),
        ("9" * 5_000, "it is no JSON"),
        ('{"asset": "BTC"}', '"at" must be a time in ISO 8601 with its zone'),
        ('{"at": 1722826800, "asset": "BTC"}', '"at" must be a time in ISO 8601 with its zone'),
        ('{"at": "yesterday", "asset": "BTC"}', '"at" is no time in ISO 8601: yesterday'),
        ('{"at": "2024-02-01T00:00:00", "asset": "BTC"}', '"at" has no zone: 2024-02-01T00:00:00'),
        ('{"at": "2024-02-01T00:00:00Z", "kind": 7}', '"kind" must be a word of at most 40 letters'),
        (
            '{"at": "2024-02-01T00:00:00Z", "kind": "\\u001b[31m"}',
            '"kind" must be a word of at most 40 letters',
        ),
        ('{"at": "2024-02-01T00:00:00Z", "severity": "' + "x" * 41 + '"}', '"severity" must be a word'),
        ('{"at": "2024-02-01T00:00:00Z", "edge": "up"}', '"up" is no edge; there are fired, escalated'),
        (
            '{"at": "2024-02-01T00:00:00Z", "note": "' + "x" * 70_000 + '"}',
            "it is longer than 65,536 letters",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_number_and_an_example(
    line: str, why: str, tmp_path: Path
) -> None:
    told = lines(tmp_path, {"at": at(494), "asset": "BTC"}, "", line)
    said = refused(told, market(tmp_path, FEW, 300))
    assert said.startswith(f"alerts.jsonl, line 3: {why}")
    assert said.endswith(
        'Example: {"at": "2024-08-05T03:00:00Z", "asset": "BTC", "kind": "cascade", "severity": "warning"}'
    )


@given(
    st.lists(st.text(max_size=80) | st.recursive(st.none() | st.integers() | st.text(), _of).map(json.dumps))
)
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(said: list[str]) -> None:
    with TemporaryDirectory() as folder:
        told = lines(Path(folder), *(line.replace("\n", " ") for line in said))
        with suppress(WrongRequest):
            found = read_alerts(told, {"BTC"})
            assert len(found.told) + found.news <= len(said)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    told = tmp_path / "alerts.jsonl"
    told.write_bytes(b"\xff\xfe\x00")
    assert refused(told, market(tmp_path, FEW, 300)).startswith("alerts.jsonl, line 1: it is no UTF-8 text")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.jsonl", market(tmp_path, FEW, 300))
    assert "no such file" in refused(alerts(tmp_path, 494), tmp_path / "none_BTC.csv")


def test_an_alert_without_an_asset_is_of_the_only_one_or_refused(tmp_path: Path) -> None:
    told = lines(tmp_path, {"at": at(494)})
    file = market(tmp_path, FEW)
    assert numbers(told, file)["scores"][0]["right"] == 1
    other = market(tmp_path, FEW, 300, "b_ETH.csv")
    assert '"asset", and the files are of several' in refused(told, file, other)


def test_an_asset_may_be_written_small_and_a_time_in_any_zone_and_year(tmp_path: Path) -> None:
    told = lines(
        tmp_path,
        {"at": at(494).replace("Z", "+00:00").replace("T", " "), "asset": "btc"},
        {"at": "0001-01-01T00:00:00+14:00", "asset": "BTC"},
        {"at": "9999-12-31T23:59:59-14:00", "asset": "BTC"},
    )
    said = numbers(told, market(tmp_path, FEW))
    assert said["scores"][0]["right"] == 1
    assert said["not_scored"]["outside"] == 2


def test_files_of_an_asset_that_overlap_are_refused(tmp_path: Path) -> None:
    files = [market(tmp_path, FEW, 900, "a_BTC.csv"), market(tmp_path, FEW, 2_000, "b_BTC.csv", first=800)]
    said = refused(alerts(tmp_path, 494), *files)
    assert said == (
        "a_BTC.csv and b_BTC.csv overlap: BTC from 2024-02-03T09:00Z to 2024-02-07T12:00Z is in both."
    )


def test_a_file_too_short_and_bars_of_another_length_are_refused(tmp_path: Path) -> None:
    short = refused(alerts(tmp_path, 50), market(tmp_path, (), 150))
    assert short.startswith("The files are too short: no hour is scored.")
    quarter = market(tmp_path, (), 500, minutes=15)
    assert "bars of an hour are scored, these are of 15 minutes." in refused(alerts(tmp_path, 50), quarter)


def test_a_refractory_time_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    said = refused(alerts(tmp_path, 494), market(tmp_path, FEW, 300), refractory_hours=[-1])
    assert said == "A refractory time is from 0 to 744 hours, such as 6."


def test_more_kinds_than_can_be_read_are_refused(tmp_path: Path) -> None:
    told = lines(tmp_path, *({"at": at(494), "kind": f"kind {number}"} for number in range(61)))
    assert "61 kinds and severities are more than are told apart (60)." in refused(
        told, market(tmp_path, FEW)
    )


# ------------------------------------------------------------------------------------------ the call itself


def test_what_replay_writes_score_reads(here: Room, recordings: Path) -> None:
    crash = sell_off(recordings, "2024-08-05_BTC")
    told = here.folder / "told.jsonl"
    assert here.run("replay", crash, "--alerts", told).returncode == 0
    done = here.run("score", told, crash, "--refractory", "24")
    assert done.returncode == 0, done.stderr
    assert "BTC: 2024-07-15T07:00Z to 2024-08-10T07:00Z, " in done.stdout
    assert "\nCASCADE\n24 h apart: " in done.stdout
    assert "NOT ESTABLISHED" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_a_wrong_request_ends_with_two_and_a_sentence(here: Room) -> None:
    file = market(here.folder, FEW, 300)
    bad = lines(here.folder, "{}")
    done = here.run("score", bad, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("alerts.jsonl, line 1: ")
