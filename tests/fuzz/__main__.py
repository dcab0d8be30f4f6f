"""`python -m tests.fuzz --seed 1 --inputs 1000000 [--only lines]`: each target in a process of its own."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.fuzz.targets import NAMES, run_alone, share_of

PROCESSES = 2


def main() -> int:
    """Run, print and keep what failed; 1 where anything did."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument(
        "--inputs", type=int, default=100_000, help="of each kind: both platforms share theirs"
    )
    asked.add_argument("--only", default=",".join(NAMES), help="names of targets, with commas between them")
    given = asked.parse_args()
    wrong = 0
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        runs = [
            processes.submit(run_alone, name, given.seed, share_of(name, given.inputs))
            for name in given.only.split(",")
        ]
        for run in as_completed(runs):
            report = run.result()
            print("\n".join(report.lines()), flush=True)
            for failure in report.failures:
                print(f"  kept as {failure.save()}", flush=True)
            wrong += len(report.failures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
