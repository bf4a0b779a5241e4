"""Prices as feeds write them, read as a decimal and an ISO 4217 currency.

The whole text has to be a price: what merely contains digits ("call 555 1234", a scrap of a web page) is not one, and a
guess would be shown to shoppers.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
ISO_4217 = frozenset(_CODES.split())
SYMBOLS = {
    "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "NT$": "TWD", "R$": "BRL", "MX$": "MXN", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "CN¥": "CNY",
    "₹": "INR", "RS": "INR", "RS.": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₩": "KRW", "₪": "ILS", "₫": "VND",
    "฿": "THB", "₱": "PHP", "₦": "NGN", "₸": "KZT", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "LEI": "RON", "ЛВ": "BGN",
    "ЛВ.": "BGN", "FR.": "CHF", "SFR.": "CHF", "KR": None, "KR.": None,
}  # fmt: skip
"""What stands for a currency, in capitals. `kr` is that of several countries, so it names none of them."""

_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_SAYS_NOTHING = frozenset(["", "-", "–", "—", "n/a", "na", "none", "null", "nan", "nil"])
_TOO_DEAR = 1e18
_LONGEST = 80  # characters; beyond it a text is no price
_SPACES = "\u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_CURRENCY = r"[^\W\d_]{1,3}\.?[$¥]?|[$€£¥￥₹₽₺₴₩₪₫฿₱₦₸]"
_NUMBER = rf"[0-9]+(?:[.,{_APOSTROPHES} ][0-9]+)*[.,]?|[.,][0-9]+"
_PRICE = re.compile(
    rf"(?:from\ )?"
    rf"(?P<before>{_CURRENCY})?\ ?(?P<low>{_NUMBER})(?:[-–](?!\ ?[0-9]))?\ ?(?P<behind>{_CURRENCY})?"
    rf"(?:\ ?(?:-|–|—|to)\ ?(?P<before_high>{_CURRENCY})?\ ?(?P<high>{_NUMBER})\ ?(?P<behind_high>{_CURRENCY})?)?",
    re.VERBOSE | re.IGNORECASE,
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:\D[0-9]{2,3})*\D[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Price:
    """A price: `amount` a decimal as text, `currency` an ISO code; both None where the feed names none.

    `unreadable` is the text of one that could not be understood; then there is no amount.
    """

    amount: str | None = None
    currency: str | None = None
    unreadable: str | None = None


NO_PRICE = Price()


def read_price(value: object, currency: str | None = None) -> Price:
    """Read what a feed gives as a price: text, a number, or nothing.

    `currency` is what the feed says beside the price. A code in the price's own text ("5 USD") goes before it; a sign
    ("$"), which several countries share, does not. Of a range the lower end is kept.
    """
    beside = currency_code(currency) if currency else None
    if value is None:
        return NO_PRICE
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value, beside)
    if not isinstance(value, str):
        return Price(unreadable=repr(value)[:_LONGEST])
    return _of_text(value, beside)


def current_price(regular: Price, sale: Price, begins: str, ends: str, now: datetime) -> Price:
    """The sale price while the sale is on, otherwise the regular one.

    `begins` and `ends` are dates as ISO 8601 has them, the last day counting in full; a blank one sets no limit.
    """
    first, last = _moment(begins, time.min), _moment(ends, time.max)
    is_on = (first is None or first <= now) and (last is None or now <= last)
    return sale if sale.amount is not None and is_on else regular


def cheapest(prices: Iterable[Price]) -> Price:
    """The lowest of several prices; where none has an amount, the first."""
    listed = list(prices)
    priced = [price for price in listed if price.amount is not None]
    return min(priced, key=lambda price: Decimal(price.amount or 0)) if priced else next(iter(listed), NO_PRICE)


def currency_code(text: str) -> str | None:
    """The ISO 4217 code that a code or sign stands for, or None."""
    name = text.strip().upper()
    return name if name in ISO_4217 else SYMBOLS.get(name)


def _moment(text: str, time_of_day: time) -> datetime | None:
    """A date, or a date and time, in UTC unless it says otherwise; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if len(text.strip()) == len("2026-01-31"):
        moment = datetime.combine(moment, time_of_day)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of_number(value: float, currency: str | None) -> Price:
    if math.isnan(value) or math.isinf(value):
        return NO_PRICE
    if not 0 <= value < _TOO_DEAR:
        return Price(unreadable=str(value)[:_LONGEST])
    return Price(format(Decimal(str(value)), "f"), currency)


def _of_text(value: str, beside: str | None) -> Price:
    text = value
    for space in _SPACES:
        text = text.replace(space, " ")
    text = " ".join(text.split())
    if text.lower() in _SAYS_NOTHING:
        return NO_PRICE
    found = _PRICE.fullmatch(text) if len(text) <= _LONGEST else None
    if not found:
        return Price(unreadable=text[:_LONGEST])
    parts = found.groupdict()
    signs = {parts[name].upper() for name in ("before", "behind", "before_high", "behind_high") if parts[name]}
    codes = signs & ISO_4217 or {SYMBOLS.get(sign) for sign in signs}
    if len(codes) > 1 or not signs <= ISO_4217 | SYMBOLS.keys():
        return Price(unreadable=text)
    written = next(iter(codes), None)
    amounts = [_decimal(parts[end], written) for end in ("low", "high") if parts[end]]
    if None in amounts:
        return Price(unreadable=text)
    amount = min(amount for amount in amounts if amount is not None)
    return Price(format(amount, "f"), written if signs & ISO_4217 else beside or written)


def _decimal(number: str, currency: str | None) -> Decimal | None:
    """A number with its marks sorted out, or None where they make no sense."""
    marks = {mark for mark in number if not mark.isdigit()}
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return _whole(number, marks)
    mark, before, behind = number[last], number[:last], number[last + 1 :]
    if number.count(mark) > 1:
        return _whole(number, marks)
    # One mark and three digits behind it: 1,299 is a thousand and more. So is "1.299 €", but a bare 1.299 was written
    # by a program, whose point is a decimal one; and some currencies have three decimals.
    may_group = len(marks) == 1 and len(behind) == 3 and len(before) <= 3 and before.lstrip("0")
    if may_group and (mark == "," or (currency and currency not in _THREE_DECIMALS)):
        return Decimal(before + behind)
    whole = _whole(before, marks - {mark}) if before else Decimal(0)
    return None if whole is None else Decimal(f"{whole:f}.{behind}" if behind else f"{whole:f}")


def _whole(number: str, marks: set[str]) -> Decimal | None:
    """A whole number whose digits may stand in groups, the last one of three."""
    if not marks:
        return Decimal(number)
    if len(marks) > 1 or not _GROUPED.fullmatch(number):
        return None
    return Decimal("".join(digit for digit in number if digit.isdigit()))
