"""From the socket to the observation, and from a bulk answer to observations: what Seawall's way costs beside others'.

`python -m benchmarks.feed`. First the same frames of Binance and Bybit go over a real websocket on loopback, from a server
in another process, to Seawall's own Listener and readers, to cryptofeed and to ccxt.pro, each in a process of its own and
as it is run in production (cryptofeed with uvloop; see benchmarks/loopback). All that the peers tell must be what we tell
(exit 1 if not). Then CPU time of the reading process from the first frame to the last, in interleaved rounds: of a burst,
which the targets are for, and of lone frames, where waking up is nearly all. Then bulk answers of REST, against json and
pandas in this process (benchmarks/bulk.py), equal values first as well.
"""

import sys
from statistics import median

from benchmarks.bulk import Cost, bulks
from benchmarks.bulk import differences as bulk_differences
from benchmarks.bulk import measure as measure_bulk
from benchmarks.loopback.frames import VENUES, Frames, frames_of
from benchmarks.loopback.readers import COMMANDS, OURS, Unread, absent_because, differences, read, served

FRAMES = 10_000
LONE_FRAMES, APART_S = 1_000, 0.001
ROUNDS, LONE_ROUNDS, BULK_ROUNDS = 5, 3, 40
TARGETS = {"cryptofeed": 3.0, "ccxt.pro": 15.0}
BULK_TARGET = 5.0

Costs = dict[str, list[float]]
"""Microseconds of CPU a frame, by reader, a round each."""


def main() -> int:
    """Check, measure and print; 1 where values disagree."""
    because = absent_because()
    readers = [OURS] if because else list(COMMANDS)
    if because:
        say(f"the peers are left out: {because}")
    equal, costs = True, dict[str, Costs]()
    for venue in VENUES:
        frames = frames_of(venue, FRAMES)
        with served(frames, FRAMES) as port:
            equal &= check(frames, port, readers)
            if equal:
                costs[venue.value.capitalize()] = measure(frames, port, readers, ROUNDS)
    if equal:
        report(costs)
        report_lone(readers)
    return 0 if bulk() and equal else 1


def check(frames: Frames, port: str, readers: list[str]) -> bool:
    """Whether what each peer told of the frames is what we told."""
    shape = "documented" if frames.is_documented else "the simulated exchange's own"
    say(f"{frames.venue}: {len(frames.said):,} frames of the simulated sell-off, {shape} shape")
    ours = read(OURS, frames, port, records=True).rows
    equal = True
    for name in readers[1:]:
        compared, wrong = differences(ours, read(name, frames, port, records=True).rows)
        say(f"  correctness, {name}: {compared:,} values compared, {len(wrong)} differ")
        for line in wrong[:10]:
            say(f"    {line}")
        equal &= compared > 0 and not wrong
    return equal


def measure(frames: Frames, port: str, readers: list[str], rounds: int) -> Costs:
    """Every reader once a round."""
    costs: Costs = {name: [] for name in readers}
    for _ in range(rounds):
        for name in readers:
            costs[name].append(1e6 * read(name, frames, port).cpu_s / len(frames.said))
    return costs


def report(costs: dict[str, Costs]) -> None:
    """A table a venue, and what the sum of them comes to."""
    together: Costs = {}
    for venue, of_venue in costs.items():
        table(f"CPU in us a frame, {venue}, {ROUNDS} interleaved rounds:", of_venue)
        for name, spent in of_venue.items():
            so_far = together.get(name, [0.0] * ROUNDS)
            together[name] = [one + other for one, other in zip(so_far, spent, strict=True)]
    table(f"CPU in us of one frame of each, {' and '.join(costs)}:", together)
    for name, target in TARGETS.items():
        if name in together:
            ratio = median(together[name]) / median(together[OURS])
            say(
                f"target: at least x{target:.0f} to {name} (medians, both venues): {verdict(ratio >= target)}"
            )


def report_lone(readers: list[str]) -> None:
    """Measure frames that come one by one, and print a table a venue."""
    for venue in VENUES:
        frames = frames_of(venue, LONE_FRAMES)
        with served(frames, LONE_FRAMES, APART_S) as port:
            costs = measure(frames, port, readers, LONE_ROUNDS)
        apart = f"one by one, {1e3 * APART_S:.0f} ms apart"
        table(f"CPU in us a frame, {venue.value.capitalize()}, {apart}, {LONE_ROUNDS} rounds:", costs)


def table(head: str, costs: Costs) -> None:
    """Least and median of each reader, and the ratios to ours."""
    say(head)
    for name, spent in costs.items():
        least, middle = min(spent), median(spent)
        ratios = f"x{least / min(costs[OURS]):.1f} / x{middle / median(costs[OURS]):.1f}"
        say(f"  {name:<12} min {least:7.2f}  median {middle:7.2f}  ratio {ratios}")


def bulk() -> bool:
    """Bulk answers: check, measure and print; whether all values are equal."""
    equal, reached = True, True
    for answer in bulks():
        compared, wrong = bulk_differences(answer)
        equal &= compared > 0 and not wrong
        say(
            f"{answer.name}, {len(answer.payload):,} bytes: {compared:,} values compared, {len(wrong)} differ"
        )
        for line in wrong[:10]:
            say(f"    {line}")
        reached &= told_bulk(measure_bulk(answer, BULK_ROUNDS))
    say(f"target: each at most 1/{BULK_TARGET:.0f} of json and pandas (medians): {verdict(reached)}")
    return equal


def told_bulk(cost: Cost) -> bool:
    """Print a cost; whether the target is reached."""
    ours, pandas = ([1e3 * spent for spent in side] for side in (cost.ours, cost.pandas))
    ratio = median(pandas) / median(ours)
    say(f"  Seawall      min {min(ours):7.3f}  median {median(ours):7.3f} ms CPU")
    say(
        f"  json, pandas min {min(pandas):7.3f}  median {median(pandas):7.3f} ms CPU  ratio x{min(pandas) / min(ours):.1f} / x{ratio:.1f}"
    )
    return ratio >= BULK_TARGET


def verdict(is_reached: bool) -> str:
    """In a word."""
    return "reached" if is_reached else "MISSED"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unread as unread:
        sys.exit(str(unread))
