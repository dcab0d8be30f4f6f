"""What the words quote of the study: market/odds.json, made of the facts of the chapters "odds" and "skill"."""

import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import cast

DIGITS = 4
"""More is not told, and differs between machines."""
KEPT_DIGITS = 9
"""Of what the document rests on: the last of a float's seventeen hang on how a processor adds."""

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
    return cast(
        "dict[str, object]",
        _each(plain({**facts["odds"], "verdicts": verdicts}), lambda figure: round(figure, DIGITS)),
    )


def written(facts: object) -> str:
    """Facts as they are kept: the same on every run, and on every machine but where a resample falls between two figures."""
    kept = _each(plain(facts), lambda figure: float(f"{figure:.{KEPT_DIGITS}g}"))
    return json.dumps(kept, indent=1, sort_keys=True, allow_nan=False) + "\n"


def written_odds(facts: Mapping[str, Facts]) -> str:
    """The table as it is shipped, a row a line."""
    table = odds_of(facts)
    rows = cast("list[object]", table.pop("rows"))
    head = json.dumps(table, sort_keys=True, allow_nan=False).removesuffix("}")
    lines = ",\n".join(json.dumps(row, sort_keys=True, allow_nan=False) for row in rows)
    return f'{head},\n"rows": [\n{lines}\n]}}\n'


def _each(value: object, change: Callable[[float], float]) -> object:
    """Facts with every figure changed; whole numbers and words stay."""
    if isinstance(value, float):
        return change(value)
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return value
