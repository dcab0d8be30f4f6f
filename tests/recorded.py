"""The recorded markets by name; the files themselves stay where the recordings are."""

from pathlib import Path

_EVENTS = (
    "2020-03-12_covid",
    "2021-04-18",
    "2021-05-19",
    "2021-09-07",
    "2021-12-04",
    "2022-05-11_luna",
    "2022-06-13_3ac",
    "2022-11-08_ftx",
    "2023-08-17",
    "2024-03-05",
    "2024-04-13",
    "2024-08-05",
    "2024-12-05",
    "2024-12-09",
    "2025-02-03",
    "2025-02-25",
    "2025-04-07",
    "calm_2023-05",
    "calm_2023-09",
    "calm_2024-09",
)
SELL_OFFS = tuple(f"{event}_{asset}" for event in _EVENTS for asset in ("BTC", "ETH"))


def sell_off(recordings: Path, name: str) -> Path:
    """The file of one recorded sell-off or calm control."""
    return recordings / "history" / "sell-offs" / f"{name}.csv.gz"
