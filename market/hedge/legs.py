"""One hedge as it is bought: its legs at the quotes of the book, what they cost with fees, and what they pay at expiry."""

from dataclasses import dataclass
from enum import StrEnum

from market.hedge_rules import HedgeRules
from market.observations import OptionQuote
from market.options.quotes import spread_of


class Kind(StrEnum):
    """What is bought."""

    PUT = "put"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Leg:
    """One put of one coin, bought at the ask or sold at the bid: `price` and `fee` in coins, or in US dollars where it is not inverse."""

    quote: OptionQuote
    is_bought: bool
    price: float
    fee: float

    @property
    def strike_usd(self) -> float:
        """The price from which on it pays."""
        return self.quote.strike_usd

    @property
    def paid(self) -> float:
        """What it takes with its fee, in the quote's money; below 0 where more is received."""
        return self.price + self.fee if self.is_bought else self.fee - self.price

    @property
    def spread(self) -> float | None:
        """How far ask and bid are apart, as a share of their middle."""
        return spread_of(self.quote)


@dataclass(frozen=True, slots=True)
class Way:
    """A hedge of one coin at a price of `price_usd`: a put, or a put bought and a lower one sold."""

    kind: Kind
    bought: Leg
    sold: Leg | None
    price_usd: float

    @property
    def is_inverse(self) -> bool:
        """Whether premium and fees are in coins."""
        return self.bought.quote.is_inverse

    @property
    def cost(self) -> float:
        """Premium and fees, in coins or US dollars as it is quoted."""
        return self.bought.paid + (0.0 if self.sold is None else self.sold.paid)

    @property
    def cost_usd(self) -> float:
        """The same in US dollars at the present price."""
        return self.cost * (self.price_usd if self.is_inverse else 1.0)

    @property
    def cost_coins(self) -> float:
        """The same in coins at the present price."""
        return self.cost if self.is_inverse else self.cost / self.price_usd

    @property
    def fees_usd(self) -> float:
        """The fees alone, US dollars."""
        fees = self.bought.fee + (0.0 if self.sold is None else self.sold.fee)
        return fees * (self.price_usd if self.is_inverse else 1.0)

    @property
    def cost_share(self) -> float:
        """The cost as a fraction of what is covered."""
        return self.cost_usd / self.price_usd

    @property
    def break_even_usd(self) -> float:
        """The price at expiry at which it pays what it cost."""
        return self.bought.strike_usd - self.cost_usd

    @property
    def most_usd(self) -> float:
        """The most it can win: of a spread what lies between its strikes, of a put all below its strike; less the cost."""
        lowest_usd = 0.0 if self.sold is None else self.sold.strike_usd
        return self.bought.strike_usd - lowest_usd - self.cost_usd

    @property
    def covered_to_usd(self) -> float | None:
        """The price below which nothing more is paid; None of a put, which pays all the way."""
        return None if self.sold is None else self.sold.strike_usd

    def pays_usd(self, at_usd: float) -> float:
        """What it pays at expiry at a price, US dollars, its cost left out."""
        paid = max(0.0, self.bought.strike_usd - at_usd)
        return paid - (0.0 if self.sold is None else max(0.0, self.sold.strike_usd - at_usd))

    def pays_coins(self, at_usd: float) -> float:
        """The same in coins of that moment, as an inverse option settles; ValueError at a price of nothing."""
        if not at_usd > 0.0:
            raise ValueError("nothing is worth so many coins")
        return self.pays_usd(at_usd) / at_usd


def fee_of(quote: OptionQuote, price: float, rules: HedgeRules) -> float:
    """The taker's fee of one coin in the quote's money: a share of the coin, and never more than an eighth of the premium."""
    of_coin = rules.fee_coins if quote.is_inverse else rules.fee_of_price * quote.forward_usd
    return min(of_coin, rules.fee_of_premium * price)


def bought(quote: OptionQuote, rules: HedgeRules) -> Leg:
    """A leg at the ask. ValueError where nobody asks a price."""
    if not quote.ask_price:
        raise ValueError("nobody sells it")
    return Leg(quote, is_bought=True, price=quote.ask_price, fee=fee_of(quote, quote.ask_price, rules))


def sold(quote: OptionQuote, rules: HedgeRules) -> Leg:
    """A leg at the bid. ValueError where nobody bids."""
    if not quote.bid_price:
        raise ValueError("nobody buys it")
    return Leg(quote, is_bought=False, price=quote.bid_price, fee=fee_of(quote, quote.bid_price, rules))


def put_of(quote: OptionQuote, price_usd: float, rules: HedgeRules) -> Way:
    """A put, bought."""
    return Way(Kind.PUT, bought(quote, rules), None, price_usd)


def spread_between(upper: OptionQuote, lower: OptionQuote, price_usd: float, rules: HedgeRules) -> Way:
    """The upper put bought, the lower one sold."""
    return Way(Kind.SPREAD, bought(upper, rules), sold(lower, rules), price_usd)
