"""The command line by real runs: what it answers, what it refuses, what it costs to start."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.bot.programs import Room, cut_off, room
from tests.recorded import sell_off

CRASH = "2024-08-05_BTC"
INSIDE = "2024-08-05T03:00Z"
HEAVY = (
    "pandas",
    "discord",
    "telegram",
    "matplotlib",
    "numpy",
    "aiohttp",
    "redis",
    "apscheduler",
)
HEADER = "open_time_utc,open,high,low,close\n"


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


@pytest.fixture
def crash(recordings: Path) -> Path:
    return sell_off(recordings, CRASH)


def imported_by(*words: str) -> set[str]:
    """The top-level modules that a call has imported when it is over."""
    code = (
        "import sys\n"
        "from bot.cli import main\n"
        f"sys.argv = ['seawall', *{list(words)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('|'.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.strip().split("|"))


# ------------------------------------------------------------------------------------------ what it costs


@pytest.mark.parametrize(
    "words", [(), ("--help",), ("ask", "--help"), ("score", "--help"), ("demo", "--help")]
)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not imported_by(*words) & set(HEAVY)


def test_the_demo_needs_no_chat_library_and_no_table() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, bot.demo.show; print('|'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.strip().split("|")}
    assert not loaded & {"pandas", "numpy", "discord", "telegram", "matplotlib", "apscheduler"}


def test_it_says_which_version_it_is(here: Room) -> None:
    said = here.run("--version")
    assert (said.returncode, said.stdout) == (0, f"seawall {version('seawall')}\n")


def test_help_names_every_call(here: Room) -> None:
    done = here.run("--help")
    assert done.returncode == 0
    assert all(
        name in done.stdout
        for name in ("demo", "run", "ask", "replay", "score", "record", "doctor", "healthcheck")
    )


# ------------------------------------------------------------------------------------------ ask, on history


def test_a_question_is_answered_as_of_a_time(here: Room, crash: Path) -> None:
    done = here.run("ask", "/regime BTC", "--history", crash, "--at", INSIDE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("BTC · ")
    assert "RECORDED market, 2024-08-05 03:00 UTC" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_answer_as_json_holds_typed_blocks_and_the_numbers(here: Room, crash: Path) -> None:
    done = here.run("ask", "/size BTC 5x 10k", "--history", crash, "--at", INSIDE, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["blocks"][0]["kind"] == "heading"
    assert answer["private"] is True
    assert answer["data"]["verdict"] in {"FITS", "TOO_MUCH_NOW", "WAIT", "NEVER_SURVIVES_10PCT"}
    assert set(answer["data"]["caps"]) >= {"step", "continuous", "two_sigma", "ten_percent", "tier"}
    assert answer["data"]["equity"] == 10_000


def test_an_answer_is_in_the_language_that_was_said(here: Room, crash: Path) -> None:
    spanish = here.run(
        "ask", "/size BTC 2,5x 12.500,50", "--history", crash, "--at", INSIDE, "--language", "es"
    )
    assert spanish.returncode == 0, spanish.stderr
    assert "BTC 2,5x largo" in spanish.stdout
    unknown = here.run("ask", "/regime", "--history", crash, "--language", "xx")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith('"xx" is no language that is spoken here: en, es')


def test_only_bars_closed_by_then_count(here: Room, tmp_path: Path) -> None:
    rows = [f"2024-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z,100,101,99,100\n" for hour in range(48)]
    poisoned = [*rows[:40], *(row.replace("100,101,99,100", "1,1e9,1,1e9") for row in rows[40:])]
    known, future = tmp_path / "a_BTC.csv", tmp_path / "b_BTC.csv"
    known.write_text(HEADER + "".join(rows))
    future.write_text(HEADER + "".join(poisoned))
    at = "2024-01-02T16:59Z"
    said = [
        here.run("ask", "/regime BTC", "--history", path, "--at", at, "--json") for path in (known, future)
    ]
    assert [done.returncode for done in said] == [0, 0]
    assert said[0].stdout == said[1].stdout
    assert json.loads(said[0].stdout)["data"]["at"] == "2024-01-02T16:00:00Z"


def test_a_time_between_two_files_is_outside_of_them(here: Room, tmp_path: Path) -> None:
    files = []
    for day in (1, 2, 9):
        file = tmp_path / f"{day}_BTC.csv"
        file.write_text(HEADER + "".join(f"2024-01-{day:02d}T{hour:02d}:00Z,1,1,1,1\n" for hour in range(24)))
        files += ["--history", str(file)]
    refused = here.run("ask", "/regime BTC", *files, "--at", "2024-01-05T00:00Z")
    assert refused.returncode == 2
    assert "2024-01-01T01:00Z to 2024-01-03T00:00Z, BTC 2024-01-09T01:00Z" in refused.stderr
    assert here.run("ask", "/regime BTC", *files, "--at", "2024-01-02T00:30Z").returncode == 0


def test_without_a_time_the_last_bar_speaks(here: Room, crash: Path) -> None:
    done = here.run("ask", "/regime BTC", "--history", crash, "--json")
    assert json.loads(done.stdout)["data"]["at"] == "2024-08-10T07:00:00Z"


def test_several_files_are_one_market(here: Room, recordings: Path, crash: Path) -> None:
    other = sell_off(recordings, "2024-08-05_ETH")
    done = here.run("ask", "/scan", "--history", crash, "--history", other, "--at", INSIDE)
    assert done.returncode == 0, done.stderr
    assert "BTC" in done.stdout
    assert "ETH" in done.stdout


@pytest.mark.parametrize(
    ("line", "options", "why"),
    [
        ("/regime BTC", ("--at", "2019-01-01T00:00Z"), "outside the files"),
        ("/regime BTC", ("--at", "2030-01-01"), "outside the files"),
        ("/regime BTC", ("--at", "yesterday"), "is no time"),
        ("/regime BTC", ("--at", "9" * 5_000), "is no time"),
        ("/size BTC banana", (), "banana"),
        ("/size BTC 0x", (), "leverage"),
        ("/size BTC 1e309", (), "number"),
        ("/size BTC " + "9" * 10_000, (), "256 characters"),
        ("/regime DOGE", (), "not watched"),
        ("/nonsense", (), "/nonsense"),
    ],
)
def test_a_wrong_request_gets_a_sentence_and_exit_code_2(
    line: str, options: tuple[str, ...], why: str, here: Room, crash: Path
) -> None:
    done = here.run("ask", line, "--history", crash, *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert why in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("gone_BTC.csv", None, "no such file"),
        ("nameless.csv", HEADER + "2024-01-01T00:00:00Z,1,1,1,1\n", "no asset in its name"),
        ("empty_BTC.csv", "", "not a readable CSV"),
        ("headless_BTC.csv", "1,2,3\n", "is missing"),
        ("barless_BTC.csv", HEADER, "no bars"),
        ("times_BTC.csv", HEADER + "yesterday,1,1,1,1\n", "ISO 8601"),
        ("packed_BTC.csv.gz", "not packed at all", "not a readable CSV"),
    ],
)
def test_a_file_that_is_no_history_is_a_wrong_request(
    name: str, text: str | None, why: str, here: Room, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    done = here.run("ask", "/regime BTC", "--history", tmp_path / name)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_time_without_files_is_a_wrong_request(here: Room) -> None:
    done = here.run("ask", "/regime BTC", "--at", INSIDE)
    assert done.returncode == 2
    assert "--history FILE" in done.stderr


# ------------------------------------------------------------------------------------------ ask, on the store


def test_a_store_nobody_fed_says_so(here: Room) -> None:
    done = here.run("ask", "/regime BTC")
    assert done.returncode == 0, done.stderr
    assert "INSUFFICIENT DATA" in done.stdout
    assert "seawall run --history FILE" in done.stdout
    assert not here.servers()


def test_a_question_that_erases_takes_the_lines_of_the_chats_at_a_terminal_along(here: Room) -> None:
    lines = here.folder / "data" / "chat_history"
    asked = json.loads(here.run("ask", "/forget", "--json").stdout)
    lines.write_text("/why btc\n")
    done = here.run("ask", asked["actions"][0]["command"])
    assert "Nothing is kept of you any more" in done.stdout
    assert not lines.exists()


def test_a_store_that_is_not_there_is_our_failure(here: Room) -> None:
    here.settings["SEAWALL_REDIS_URL"] = f"unix://{here.folder}/nobody.sock"
    done = here.run("ask", "/regime BTC")
    assert done.returncode == 1
    assert "The store is not available" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_the_environment_is_a_sentence_without_the_secret(here: Room) -> None:
    here.settings["SEAWALL_TELEGRAM_TOKEN"] = "not-a-token-but-still-secret"
    for words in (("run",), ("ask", "/help"), ("doctor",), ("healthcheck",)):
        done = here.run(*words)
        assert done.returncode == (1 if words == ("healthcheck",) else 2)
        assert "SEAWALL_TELEGRAM_TOKEN" in done.stdout + done.stderr
        assert "still-secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------------------------ replay


def test_a_replay_says_what_it_came_to_and_writes_a_line_a_bar(
    here: Room, crash: Path, tmp_path: Path
) -> None:
    states, alerts = tmp_path / "states.jsonl", tmp_path / "alerts.jsonl"
    done = here.run("replay", crash, "--states", states, "--alerts", alerts)
    assert done.returncode == 0, done.stderr
    assert f"{CRASH}.csv.gz: BTC, 625 bars" in done.stdout
    assert "INSUFFICIENT DATA after warm-up: " in done.stdout
    lines = [json.loads(line) for line in states.read_text().splitlines()]
    assert len(lines) == 625
    assert lines[0]["at"] < lines[-1]["at"] == "2024-08-10T07:00:00Z"
    assert len(lines[-1]["flags"]) == 14
    fired = [json.loads(line) for line in alerts.read_text().splitlines()]
    assert {alert["kind"] for alert in fired} >= {"cascade", "regime", "stage", "oi", "liquidations"}
    loud = [alert for alert in fired if alert["kind"] == "cascade" and alert["severity"] != "watch"]
    first = {alert["id"]: f"{alert['severity']} {alert['at'][:16]}Z" for alert in reversed(loud)}
    assert len(first) > 1
    assert f"; {', '.join(list(first.values())[::-1])}\n" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_few_letters_is_answered_all_the_same(
    encoding: str, here: Room, crash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = here.run("ask", "/regime BTC", "--history", crash)
    assert done.returncode == 0, done.stderr
    assert "UTC · 4 of 5 read" in done.stdout


def test_bytes_that_are_no_letters_end_no_chat(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    done = here.run("chat", stdin=None, input="/id \udcff\n/id\n", errors="surrogateescape")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is not read" in done.stdout
    assert "Who and where you are" in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_an_empty_one(closed: str, here: Room) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m bot chat {closed}"],
        env=here.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_asset_can_be_said_where_the_name_does_not(here: Room, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(HEADER + "2024-01-01T00:00:00Z,1,1,1,1\n")
    done = here.run("replay", tmp_path / "bars.csv", "--asset", "DOGE")
    assert done.returncode == 0
    assert "bars.csv: DOGE, 1 bars" in done.stdout
    assert "shorter than the warm-up" in done.stdout


@pytest.mark.parametrize("words", [("gone_BTC.csv",), ()])
def test_a_replay_of_nothing_is_a_wrong_request(words: tuple[str, ...], here: Room) -> None:
    done = here.run("replay", *words)
    assert done.returncode == 2
    assert done.stderr


def test_lines_that_cannot_be_written_are_refused_before_anything_is_played(here: Room, crash: Path) -> None:
    done = here.run("replay", crash, "--states", here.folder)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert done.stdout == ""


# ------------------------------------------------------------------------------------------ backfill


def test_a_history_of_ones_own_is_read_though_no_exchange_answers(here: Room, tmp_path: Path) -> None:
    cut_off(here)
    hours = [f"2024-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z,100,101,99,100\n" for hour in range(72)]
    (tmp_path / "mine_BTC.csv").write_text(HEADER + "".join(hours))
    done = here.run("backfill", tmp_path / "mine_BTC.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("BTC: read 2024-01-01T01:00Z to ")
    assert "missing: no venue answers" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_where_nothing_can_be_read_backfill_fails_and_says_so(here: Room, tmp_path: Path) -> None:
    cut_off(here)
    here.settings["SEAWALL_ASSETS"] = "BTC"
    done = here.run("backfill")
    assert done.returncode == 1
    assert done.stdout == "BTC: no price could be read; missing: no venue answers\n"
    assert here.run("backfill", tmp_path / "gone_BTC.csv").returncode == 2


# ------------------------------------------------------------------------------------------ doctor and health


def test_the_doctor_says_what_is_set_what_is_missing_and_what_was_found(here: Room) -> None:
    done = here.run("doctor", "--offline")
    assert done.returncode == 0
    assert "not set telegram: no SEAWALL_TELEGRAM_TOKEN" in done.stdout
    assert "To use it, set SEAWALL_TELEGRAM_TOKEN" in done.stdout
    assert "ok      Valkey: " in done.stdout
    assert "found   signals: price, liquidations, open_interest, funding, skew, volatility" in done.stdout


def test_the_doctor_in_json_holds_the_same(here: Room) -> None:
    found = json.loads(here.run("doctor", "--offline", "--json").stdout)
    assert found["ok"] is True
    assert {"what", "finds", "seen", "to_do"} == set(found["findings"][0])
    assert {"regime", "size", "check", "why", "scan", "status", "help", "start"} <= set(found["commands"])
    assert "telegram" in found["platforms"]


def test_the_doctor_finds_a_store_that_is_not_there(here: Room) -> None:
    here.settings["SEAWALL_REDIS_URL"] = f"unix://{here.folder}/nobody.sock"
    done = here.run("doctor", "--offline")
    assert done.returncode == 1
    assert done.stdout.startswith("wrong   store: The store is not available")


def test_where_nothing_runs_nothing_is_healthy_and_nothing_is_started(here: Room) -> None:
    done = here.run("healthcheck")
    assert done.returncode == 1
    assert "does not run" in done.stdout
    assert not (here.folder / "data").exists()


def test_an_address_that_is_none_is_a_sentence_without_its_password(here: Room) -> None:
    here.settings["SEAWALL_REDIS_URL"] = "redis://:very-secret@host:no-port/0"
    for words in (("run",), ("ask", "/help"), ("doctor",), ("healthcheck",)):
        done = here.run(*words)
        assert done.returncode == 1
        assert "must look like redis://host:6379/0" in done.stdout + done.stderr
        assert "very-secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
