"""How a number and an amount of dollars are typed, and what they may mean where they could be two.

Numbers are ASCII only, a comma stands for thousands and never for decimals, and no exponent is a number (reliability,
section 3). Every pattern is linear: no nested quantifiers.
"""

import re

from commands.protocol.request import Misunderstood, said

MOST_MONEY_USD = 1e12

_PLAIN = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,8})?|\.[0-9]{1,8})", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,8})?", re.ASCII)
_DOTTED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
"""What elsewhere is written for thousands."""
_THOUSANDS = {"k": 1e3, "m": 1e6, "b": 1e9}


def read_number(word: str) -> float | None:
    """A plain number ("500", ".5", "64,200"), None for anything else."""
    if _PLAIN.fullmatch(word):
        return float(word)
    if _GROUPED.fullmatch(word):
        return float(word.replace(",", ""))
    return None


def read_signed(word: str) -> float | None:
    """A plain number that may have a sign, None for anything else."""
    value = read_number(word[1:] if word[:1] in {"+", "-"} else word)
    return -value if value is not None and word.startswith("-") else value


def is_number_with_unit(word: str) -> bool:
    """Whether it is a number that is well written, with whatever behind it: "5x", "24h", "0.5btc"."""
    return read_number(word.lower().lstrip("+-$").rstrip("abcdefghijklmnopqrstuvwxyz%")) is not None


def within(value: float, least: float, most: float, key: str, word: str) -> float:
    """The value. Raises Misunderstood where it lies outside of what there is."""
    if not least <= value <= most:
        raise Misunderstood(key, said=said(word))
    return value


def dollars(word: str) -> float | None:
    """US dollars ("10k", "64,200", "$500", "500usdt") as decimals are written here, None for anything else."""
    lower = _without_currency(word)
    times = _THOUSANDS.get(lower[-1:], 1.0)
    value = read_signed(lower if times == 1.0 else lower[:-1])
    if value is None:
        return None
    usd = value * times
    if usd <= 0.0:
        raise Misunderstood("words.money_not_positive", said=said(word))
    return within(usd, 0.0, MOST_MONEY_USD, "words.money_range", word)


def refuse_thousands(word: str) -> None:
    """Raise Misunderstood of an amount that could be thousands as well as decimals ("250.000"), with both to choose from.

    Three digits behind a point are thousands to half of the world, and no amount has tenths of a cent. Before k, m or b they
    are decimals: nobody groups digits and counts in thousands at once.
    """
    amount = _without_currency(word).lstrip("+-")
    if not _DOTTED.fullmatch(amount):
        return
    thousands, decimals = amount.replace(".", ""), _without_noughts(amount)
    raise Misunderstood(
        "words.either",
        said=said(word),
        thousands=thousands,
        decimals=decimals,
        near=(f"{thousands}usdt", f"{_never_dotted(decimals)}usdt"),
    )


def readings(word: str, value: float) -> tuple[str, ...]:
    """The words that say unmistakably what a bare number may have meant: a multiple, dollars, or thousands of them."""
    thousands = (word.replace(".", ""),) if _DOTTED.fullmatch(word) else ()
    plain = _never_dotted(_without_noughts(word) if thousands else word)
    multiple = (f"{plain}x",) if value >= 1.0 else ()
    return (*multiple, *thousands, f"{plain}usdt")


def _without_currency(word: str) -> str:
    """The amount without what says that it is one of dollars: "-$500usdt" is "-500"."""
    lower = word.lower().removesuffix("usdt").removesuffix("usdc").removesuffix("usd").removesuffix("$")
    return lower.replace("$", "", 1) if lower.startswith(("$", "-$")) else lower


def _without_noughts(decimals: str) -> str:
    return decimals.rstrip("0").rstrip(".")


def _never_dotted(number: str) -> str:
    """A number that cannot be read as thousands."""
    return f"{number}0" if _DOTTED.fullmatch(number) else number
