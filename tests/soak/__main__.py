"""The command line of the soak: a table, a line of JSON, and exit code 1 where anything promised did not hold."""

import argparse
import asyncio
import json
import sys

from tests.soak.run import Soak, soak


def main() -> int:
    usual = Soak()
    words = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    words.add_argument("--seed", type=int, default=usual.seed)
    words.add_argument("--hours", type=float, default=usual.hours)
    words.add_argument("--speed", type=float, default=usual.speed)
    words.add_argument("--faults", type=int, default=usual.faults)
    said = words.parse_args()
    verdict = asyncio.run(soak(Soak(said.seed, said.hours, said.speed, said.faults)))
    print(verdict.table())
    print(json.dumps(verdict.line()))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
