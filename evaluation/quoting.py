"""What the words quote of the study: market/odds.json, made of the facts of the chapters "odds" and "skill"."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import cast

DIGITS = 4
"""More is not told, and differs between machines."""

Facts = Mapping[str, object]


def plain(value: object) -> object:
    """Facts as JSON may hold them: a number that is none is null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def odds_of(facts: Mapping[str, Facts]) -> dict[str, object]:
    """The table of market.odds: the rows, and of each condition the verdict; without that chapter none is established."""
    tried = cast("Mapping[str, Facts]", facts.get("skill", {}).get("skill", {}))
    verdicts = {name: one["verdict"] for name, one in tried.items()}
    return cast("dict[str, object]", _rounded(plain({**facts["odds"], "verdicts": verdicts})))


def written(facts: object) -> str:
    """Facts as they are kept: the same on every run."""
    return json.dumps(plain(facts), indent=1, sort_keys=True, allow_nan=False) + "\n"


def written_odds(facts: Mapping[str, Facts]) -> str:
    """The table as it is shipped, a row a line."""
    table = odds_of(facts)
    rows = cast("list[object]", table.pop("rows"))
    head = json.dumps(table, sort_keys=True, allow_nan=False).removesuffix("}")
    lines = ",\n".join(json.dumps(row, sort_keys=True, allow_nan=False) for row in rows)
    return f'{head},\n"rows": [\n{lines}\n]}}\n'


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
