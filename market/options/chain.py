"""An option chain as it is kept for those who ask: all quotes of one asset at one venue at one instant."""

from dataclasses import dataclass

from market.observations import Asset, OptionQuote, Venue


@dataclass(frozen=True, slots=True)
class Chain:
    """The quotes of one instant (`as_of_ms`, UTC ms by our clock); `stale` are the places of those that stood still."""

    asset: Asset
    venue: Venue
    as_of_ms: int
    quotes: tuple[OptionQuote, ...]
    stale: tuple[int, ...] = ()

    @property
    def moving(self) -> tuple[OptionQuote, ...]:
        """The quotes without those that stood still while the price moved."""
        gone = set(self.stale)
        return tuple(quote for place, quote in enumerate(self.quotes) if place not in gone)

    @property
    def margined(self) -> tuple[OptionQuote, ...]:
        """Those in coins where there are any, else those in US dollars: the two are different markets."""
        inverse = tuple(quote for quote in self.quotes if quote.is_inverse)
        return inverse or self.quotes

    @property
    def is_inverse(self) -> bool:
        """Whether premiums are in coins."""
        return any(quote.is_inverse for quote in self.quotes)
