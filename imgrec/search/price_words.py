"""Prices in a shopper's words: "under 20", "20-40 €", "between $20 and $40", "20 or less", "cheaper"."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from imgrec.catalogue.prices import Price, currency_code, iso_4217, just_below, read_price
from imgrec.catalogue.tokens import CURRENCY_SIGNS, Token
from imgrec.catalogue.vocabulary import Vocabulary
from imgrec.search.lexicon import Lexicon

_SIGN_OF = {"$": "dollar", "£": "pound", "¥": "yen", "￥": "yen", "₨": "rupee"}
_CURRENCIES = {
    "dollar": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP"),
    "euro": ("EUR",), "pound": ("GBP", "EGP"), "rouble": ("RUB", "BYN"), "rupee": ("INR", "PKR", "LKR", "NPR"),
    "yen": ("JPY", "CNY"),
}  # fmt: skip
_COMPARED = {"<": "under", "≤": "under", ">": "over", "≥": "over"}
_MOST_BETWEEN = 3  # words that say nothing between "under" and its price


@dataclass(frozen=True)
class Limits:
    """A price range in a text, and where it ends. is_usable: whether the shop has prices in that currency.

    currency: the shop's that is meant; None where it names none.
    """

    least: Decimal | None
    most: Decimal | None
    currency: str | None
    is_usable: bool
    end: int


@dataclass(frozen=True)
class _Amount:
    """A number as it is written, the currencies that may be meant by what stands beside it, and where it ends."""

    number: str
    currencies: tuple[str, ...] | None
    end: int


@dataclass(frozen=True)
class PriceReader:
    """Reads prices in a text's tokens; what is "cheaper" is below the price `known`."""

    text: str
    tokens: Sequence[Token]
    words: Sequence[str]
    vocabulary: Vocabulary
    lexicon: Lexicon
    known: Price

    def limits_at(self, at: int) -> Limits | None:
        """The price range that begins at a token; None where none does."""
        return self._range(at) or self._one_end(at) or self._end_named_behind(at) or self._cheaper(at)

    def _range(self, at: int) -> Limits | None:
        lead = self.lexicon.match(self.words, at, "between")
        first = self._amount(self._after_nothing(lead[1])) if lead else self._amount(at)
        if first is None:
            return None
        joined = self._joint(first.end)
        second = self._amount(joined[1]) if joined else None
        if joined is None or second is None:
            return None
        behind = self.lexicon.match(self.words, second.end, "between_behind")
        if joined[0] == "and" and not (lead or behind):
            return None
        return self._limits(first, second, behind[1] if behind else second.end)

    def _joint(self, at: int) -> tuple[str, int] | None:
        """What joins two prices, "to" or "and", and where it ends."""
        if at < len(self.tokens) and self.words[at] == "-":
            return "to", at + 1
        for key in ("to", "and"):
            if found := self.lexicon.match(self.words, at, key):
                return key, found[1]
        return None

    def _one_end(self, at: int) -> Limits | None:
        """A price behind what says which end it is."""
        for key in ("under", "over"):
            if self.words[at] in _COMPARED:
                end = at + 1 if _COMPARED[self.words[at]] == key else None
            else:
                found = self.lexicon.match(self.words, at, key)
                end = found[1] if found else None
            if end is not None and (amount := self._amount(self._after_nothing(end))):
                return self._only(key, amount, amount.end)
        return None

    def _end_named_behind(self, at: int) -> Limits | None:
        """A price before what says which end it is; of no use where nothing does and it is surely a price."""
        amount = self._amount(at)
        if amount is None:
            return None
        for key in ("under", "over"):
            if found := self.lexicon.match(self.words, amount.end, f"{key}_behind"):
                return self._only(key, amount, found[1])
        return Limits(None, None, None, False, amount.end) if amount.currencies else None

    def _cheaper(self, at: int) -> Limits | None:
        found, most = self.lexicon.match(self.words, at, "cheaper"), just_below(self.known)
        return Limits(None, most, self.known.currency, most is not None, found[1]) if found else None

    def _only(self, key: str, amount: _Amount, end: int) -> Limits:
        return self._limits(None, amount, end) if key == "under" else self._limits(amount, None, end)

    def _limits(self, least: _Amount | None, most: _Amount | None, end: int) -> Limits:
        named = [amount.currencies for amount in (least, most) if amount and amount.currencies]
        known = self.vocabulary.currencies
        meant = [code for code in known if all(code in codes for codes in named)]
        currency = meant[0] if meant else None
        low, high = self._price(least, currency), self._price(most, currency)
        if low is not None and high is not None:
            low, high = sorted((low, high))
        is_read = (least is None or low is not None) and (most is None or high is not None)
        is_usable = is_read and self.vocabulary.has_prices and bool(meant or not named)
        return Limits(low, high, currency, is_usable, end)

    def _price(self, amount: _Amount | None, currency: str | None) -> Decimal | None:
        """A price as shoppers write it: beside a currency, a point before three digits stands for thousands."""
        if amount is None:
            return None
        price = read_price(f"{amount.number} {currency or 'EUR'}", decimal_comma=self.lexicon.decimal_comma)
        return None if price.amount is None else Decimal(price.amount)

    def _amount(self, at: int) -> _Amount | None:
        before, at = self._currency(at)
        if at >= len(self.tokens) or not self.tokens[at].number:
            return None
        token = self.tokens[at]
        if token.unit:
            glued = self._meant_by(token.unit, token.unit.upper())
            return _Amount(token.number, glued, at + 1) if glued else None
        behind, end = self._currency(at + 1) if before is None else (None, at + 1)
        return _Amount(token.number, before or behind, end)

    def _currency(self, at: int) -> tuple[tuple[str, ...] | None, int]:
        """The currencies that a sign, code or word at a place may stand for, and where it ends; None and the place."""
        if at >= len(self.tokens):
            return None, at
        token = self.tokens[at]
        if token.kind == "sign":
            codes = self._by_sign(token.text) if token.text in CURRENCY_SIGNS else None
            return codes, at + 1 if codes else at
        if at + 1 < len(self.tokens) and self.tokens[at + 1].text in CURRENCY_SIGNS:  # US$, R$
            code = currency_code(self.words[at] + self.words[at + 1])
            if code and self.tokens[at + 1].start == token.end:
                return (code,), at + 2
        for key, codes in _CURRENCIES.items():
            if found := self.lexicon.match(self.words, at, key):
                return codes, found[1]
        codes = self._meant_by(token.text, self.text[token.start : token.end])
        return codes, at + 1 if codes else at

    def _meant_by(self, word: str, written: str) -> tuple[str, ...] | None:
        """The currency of a code: one of the shop's, or one in capitals, as `all` and `try` are codes, too."""
        if found := self.lexicon.match([word], 0, *_CURRENCIES):
            return next(codes for key, codes in _CURRENCIES.items() if key in found[0])
        code = currency_code(word)
        if code in self.vocabulary.currencies or written in iso_4217():
            return (code,) if code else None
        return None

    def _by_sign(self, sign: str) -> tuple[str, ...] | None:
        if sign in _SIGN_OF:
            return _CURRENCIES[_SIGN_OF[sign]]
        code = currency_code(sign)
        return (code,) if code else None

    def _after_nothing(self, at: int) -> int:
        """Behind a few words that say nothing."""
        for _ in range(_MOST_BETWEEN):
            if found := self.lexicon.match(self.words, at, "stop"):
                at = found[1]
        return at
