"""Prices as feeds write them, read as a decimal and an ISO 4217 currency.

The whole text has to be a price: what merely contains digits ("call 555 1234", a scrap of a web page) is not one, and a
guess would be shown to shoppers.
"""

import html
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache

from babel.core import get_global

_IN_USE_SINCE = date(2020, 1, 1)  # currencies given up before that are in no feed

SIGNS = {
    "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "NT$": "TWD", "R$": "BRL", "MX$": "MXN", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "CN¥": "CNY",
    "₹": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₩": "KRW", "₪": "ILS", "₫": "VND", "฿": "THB", "₱": "PHP",
    "₦": "NGN", "₸": "KZT", "₡": "CRC", "₲": "PYG", "₵": "GHS", "৳": "BDT", "₼": "AZN", "₾": "GEL", "₭": "LAK",
    "₮": "MNT", "៛": "KHR", "円": "JPY", "元": "CNY", "원": "KRW", "EURO": "EUR", "EUROS": "EUR", "YEN": "JPY",
    "RMB": "CNY", "RS": "INR", "RM": "MYR", "RP": "IDR", "R": "ZAR", "TL": "TRY", "ZŁ": "PLN", "ZL": "PLN", "KČ": "CZK",
    "KC": "CZK", "FT": "HUF", "LEI": "RON", "LEU": "RON", "ЛВ": "BGN", "FR": "CHF", "SFR": "CHF", "DIN": "RSD",
    "ДИН": "RSD", "ДЕН": "MKD", "KM": "BAM", "Р": "RUB", "РУБ": "RUB", "ГРН": "UAH", "СУМ": "UZS", "СОМ": "KGS",
    "ТГ": "KZT", "Đ": "VND", "DKR": "DKK", "SKR": "SEK", "NKR": "NOK", "KSH": "KES", "TSH": "TZS", "USH": "UGX",
    "SR": "SAR", "QR": "QAR", "S/": "PEN", "GB£": "GBP", "E£": "EGP", "LE": "EGP", "DT": "TND", "RD$": "DOP",
    "U$S": "USD", "AR$": "ARS", "CL$": "CLP", "BAHT": "THB", "บาท": "THB", "РСД": "RSD", "د.إ": "AED", "ر.س": "SAR",
    "ج.م": "EGP", "د.ك": "KWD", "ر.ق": "QAR", "ر.ع": "OMR", "د.ب": "BHD", "د.أ": "JOD", "د.م": "MAD", "د.ت": "TND",
    "KR": None, "DH": None, "DHS": None, "₨": None,
}  # fmt: skip
"""What stands for a currency, in capitals and without a point. `kr` is that of several countries: it names none."""

_SAYS_NOTHING = frozenset(["", "-", "–", "—", "n/a", "na", "none", "null", "nan", "nil", "#n/a"])
_TOO_DEAR = 10**18  # nothing costs that much in any currency: it is another field, or two prices run together
_LONGEST = 80  # characters; beyond it a text is no price
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u200a\u202f\u200b\ufeff\u200e\u200f]+")
_APOSTROPHES = "'\u2019´`"
_DIGITS = {zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6) for digit in range(10)}
_DIGITS |= {ord("٫"): ".", ord("٬"): ","}
_CURRENCY = r"(?:[دجر]\.[\u0621-\u064a]\.?|[^\W\d_]{1,5}\.?[$¥£]?|u\$s|s/\.?|[$€£¥￥₹₽₺₴₩₪₫฿₱₦₸₡₲₵৳₼₾₭₮៛₨])"
_CURRENCIES = rf"{_CURRENCY}(?:\ ?{_CURRENCY})?"
_NUMBER = rf"[0-9]+(?:[.,{_APOSTROPHES} ][0-9]+)*[.,]?|[.,][0-9]+"
_NO_CENTS = r"(?:(?<![.,][0-9]{2})(?:[-–—=]{1,2}|/[-=]|:-)(?!\ ?[0-9]))?"  # 12,- and 12.-- and 12/- and 12:-
_PLAIN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,2})?)(?:\ ([A-Z]{3}))?")
_PRICE = re.compile(
    rf"(?:(?:price|preis|prix|precio|preço|prezzo|prijs|pris|cena)\ ?:\ ?)?"
    rf"(?:(?:from|ab|nur|only|now|desde|vanaf|dès|da|od|от|från|fra|à\ partir\ de|a\ partir\ (?:de|da)|a\ partire\ da"
    rf"|starting\ (?:at|from))\ )?"
    rf"(?P<before>{_CURRENCIES})??\ ?(?P<low>{_NUMBER}){_NO_CENTS}\ ?(?P<behind>{_CURRENCIES})?"
    rf"(?:\ ?(?:-|–|—|to|bis)\ ?(?P<before_high>{_CURRENCIES})??\ ?(?P<high>{_NUMBER}){_NO_CENTS}"
    rf"\ ?(?P<behind_high>{_CURRENCIES})?)?",
    re.VERBOSE | re.IGNORECASE,
)
_ADDED = re.compile(  # a footnote's mark, that taxes are in it and shipping is not, that it is for one piece
    r"(?:\ ?[*†‡¹²³]+"
    r"|,?\ ?(?:zzgl|exkl|plus)\.?\ (?:versand(?:kosten)?|shipping|porto)"
    r"|\ ?/\ ?(?:1\ )?(?:ea|each|pcs?|piece|unit|item|stück|stk|st|szt|db|ks|kus|pz|pezzo|ud|unidad|un|pièce|stuk|adet"
    r"|шт)\.?"
    r"|\ (?:each|per\ (?:piece|unit|item)|pro\ (?:stück|stk\.?)|je\ stück|par\ pièce|per\ stuk|por\ (?:unidad|unidade)"
    r"|al\ pezzo|za\ (?:sztukę|szt\.?|kus|шт\.?)|(?:à|pr\.?)\ (?:stk|st)\.?)"
    r"|,?\ ?[(（]?(?:inkl|incl|inc)\.?\ ?(?:[0-9]+\ ?%\ ?)?(?:mwst|ust|vat|gst|tax|btw|iva|tva|moms)\.?[)）]?"
    r"|\ ?(?:ttc|[(（]?税込[)）]?|iva\ (?:incluido|incluída|inclusa|incl\.?)))+$",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:\D[0-9]{2,3})*\D[0-9]{3}")
_CENTS = re.compile(r"[0-9]([.,])[0-9]{1,2}(?![0-9.,])")
_STRUCK = re.compile(r"<(?:del|s|strike|ins|sup|sub)\b", re.IGNORECASE)  # two prices in one, or small cents
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SMALL = re.compile(
    r"([0-9])\ ?€\ ?([0-9]{2})|([0-9]):([0-9]{2})(?=\ ?(?:kr|sek)\b)", re.IGNORECASE
)  # 12€99, 129:90 kr
_CLOSED = re.compile(r"([0-9][.,][0-9]{1,2})\ ?[.,][-–—]{0,2}(?=[^\d.,]|$)")  # 12.90.- has its cents
_DAY = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\.?(?:[ ,]+(\d{1,2}):(\d{2})(?::\d{2})?(?:\ ?([ap])\.?m\.?)?)?", re.IGNORECASE
)
_SECONDS = re.compile(r"(1\d{9})(?:\d{3})?")
_NO_DAY = re.compile(r"0{4}-00-00(?:[ T]00:00(?::00)?)?|-|n/a|null|none", re.IGNORECASE)
_ZONE = re.compile(r"\s*(?:UTC|GMT|\[[\w/+-]+\])$")


@dataclass(frozen=True, slots=True)
class Price:
    """A price: `amount` a decimal as text, `currency` an ISO code; both None where the feed names none.

    `unreadable` is the text of one that could not be understood; then there is no amount.
    """

    amount: str | None = None
    currency: str | None = None
    unreadable: str | None = None


NO_PRICE = Price()


def read_price(value: object, currency: str | None = None, decimal_comma: bool = False) -> Price:
    """Read what a feed gives as a price: text, a number, or nothing.

    `currency` is what the feed says beside the price. A code in the price's own text ("5 USD") goes before it; a sign
    ("$"), which several countries share, does not. Of a range the lower end is kept. `decimal_comma` says that the feed
    writes its decimals behind a comma, which decides what 1.299 is.
    """
    beside = currency_code(currency) if currency else None
    if value is None:
        return NO_PRICE
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value, beside)
    if not isinstance(value, str):
        return Price(unreadable=repr(value)[:_LONGEST])
    return _of_text(value, beside, decimal_comma)


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The mark before the decimals of these prices, "," or "."; None where they have none or do not agree."""
    marks = {found[1] for text in texts for found in _CENTS.finditer(text)}
    return marks.pop() if len(marks) == 1 else None


def current_price(regular: Price, sale: Price, begins: str, ends: str, now: datetime) -> Price:
    """The sale price while the sale is on and is one, otherwise the regular one.

    A sale price is above nothing and below the regular one, in the same currency. `begins` and `ends` are dates, the
    last day counting in full; a blank one sets no limit. Where a date cannot be read, or may mean two days (1/2/2026)
    and by one of them the sale is not on, the regular price holds.
    """
    if sale.amount is None or Decimal(sale.amount) <= 0:
        return regular
    if regular.amount is not None and (
        Decimal(sale.amount) >= Decimal(regular.amount) or sale.currency != regular.currency
    ):
        return regular
    has_begun = _is_blank(begins) or _all(moment <= now for moment in _moments(begins, time.min))
    is_not_over = _is_blank(ends) or _all(now <= moment for moment in _moments(ends, time.max))
    return sale if has_begun and is_not_over else regular


def cheapest(prices: Iterable[Price]) -> Price:
    """The lowest of several prices that is above nothing; where there is none, the first that has an amount, or any."""
    listed = list(prices)
    priced = [price for price in listed if price.amount is not None]
    priced = [price for price in priced if Decimal(price.amount or 0) > 0] or priced
    return min(priced, key=lambda price: Decimal(price.amount or 0)) if priced else next(iter(listed), NO_PRICE)


def just_below(price: Price) -> Decimal | None:
    """The highest amount below a price, in its currency's smallest unit; None where none is known or above nothing."""
    amount, fractions = Decimal(price.amount or 0), get_global("currency_fractions")
    digits, *_ = fractions.get(price.currency or "", fractions["DEFAULT"])
    unit = Decimal(1).scaleb(min(-digits, int(amount.as_tuple().exponent)))
    return amount - unit if amount > 0 else None


@cache
def iso_4217() -> frozenset[str]:
    """The currencies that are legal tender somewhere, or were until lately."""
    uses = (use for uses in get_global("territory_currencies").values() for use in uses)
    return frozenset(code for code, _, end, tender in uses if tender and (not end or date(*end) >= _IN_USE_SINCE))


def currency_code(text: str) -> str | None:
    """The ISO 4217 code that a code or sign stands for, or None."""
    name = text.strip().upper().rstrip(".")
    return name if name in iso_4217() else SIGNS.get(name)


@cache
def _three_decimals() -> frozenset[str]:
    return frozenset(code for code, (digits, *_) in get_global("currency_fractions").items() if digits == 3)


def _is_blank(day: str) -> bool:
    """Whether it sets no limit: nothing, or what databases and programs write for that."""
    written = day.strip()
    return not written or _NO_DAY.fullmatch(written) is not None


def _all(conditions: Iterable[bool]) -> bool:
    """Whether there are some, and all hold."""
    found = list(conditions)
    return bool(found) and all(found)


def _moments(text: str, time_of_day: time) -> list[datetime]:
    """What a date, or a date and time, may mean, in UTC unless it says otherwise; nothing where it makes no sense."""
    written = text.strip().lstrip("'")
    if seconds := _SECONDS.fullmatch(written):
        return [datetime.fromtimestamp(int(seconds[1]), UTC)]
    written = _ZONE.sub("", written).replace("T24:00", "T23:59")
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)", "", written))
    except ValueError:
        return _days(written, time_of_day)
    if len(written) == len("2026-01-31"):
        moment = datetime.combine(moment, time_of_day)
    return [moment if moment.tzinfo else moment.replace(tzinfo=UTC)]


def _days(text: str, time_of_day: time) -> list[datetime]:
    """Both readings of a date such as 1/2/2026, or the one that there is."""
    found = _DAY.fullmatch(text)
    if not found:
        return []
    first, mark, second, third = int(found[1]), found[2], int(found[3]), int(found[4])
    if first > 31:
        orders = [(first, second, third)]
    else:
        year = third if third > 99 else 2000 + third
        orders = [(year, second, first)] + ([(year, first, second)] if mark != "." else [])
    hour = _hour(int(found[5]), int(found[6]), found[7]) if found[5] else None
    days = []
    for year, month, day in dict.fromkeys(orders):
        try:
            days.append(datetime.combine(date(year, month, day), hour or time_of_day, UTC))
        except ValueError:
            continue
    return days


def _hour(hour: int, minute: int, half: str | None) -> time | None:
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half.lower() == "p")
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _of_number(value: float, currency: str | None) -> Price:
    if math.isnan(value) or math.isinf(value):
        return NO_PRICE
    if not 0 <= value < _TOO_DEAR:
        return Price(unreadable=str(value)[:_LONGEST])
    return Price(format(Decimal(str(value)), "f"), currency)


def _of_text(value: str, beside: str | None, decimal_comma: bool) -> Price:
    plain = _PLAIN.fullmatch(value)
    if plain and (not plain[2] or plain[2] in iso_4217()):
        return Price(format(Decimal(plain[1]), "f"), plain[2] or beside)
    text = html.unescape(value)
    if "<" in text and not _STRUCK.search(text):
        text = _MARKUP.sub("", text)
    text = _SPACES.sub(" ", text if text.isascii() else text.translate(_DIGITS)).strip(" \"';")
    if text.lower() in _SAYS_NOTHING:
        return NO_PRICE
    if len(text) > _LONGEST:
        return Price(unreadable=text[:_LONGEST])
    price = _parsed(text, beside, decimal_comma) or _parsed(_as_usual(_ADDED.sub("", text)), beside, decimal_comma)
    return price or Price(unreadable=text)


def _parsed(text: str, beside: str | None, decimal_comma: bool) -> Price | None:
    """The price that the whole text is; None where it is none."""
    found = _PRICE.fullmatch(text)
    if not found:
        return None
    parts = found.groupdict()
    codes = {_code(parts[name]) for name in ("before", "behind", "before_high", "behind_high") if parts[name]}
    named = {code for code, is_iso in codes if is_iso} or {code for code, _ in codes}
    if len(named) > 1 or "" in named:
        return None
    written = next(iter(named), None)
    amounts = [_decimal(parts[end], written, bool(codes), decimal_comma) for end in ("low", "high") if parts[end]]
    if None in amounts:
        return None
    amount = min(amount for amount in amounts if amount is not None)
    if amount >= _TOO_DEAR:
        return None
    return Price(format(amount, "f"), written if any(is_iso for _, is_iso in codes) else beside or written)


def _as_usual(text: str) -> str:
    """With cents as they are mostly written: 12€99, 129:90 kr and 12.90.- have them, too."""
    text = _SMALL.sub(lambda found: f"{found[1]},{found[2]} €" if found[1] else f"{found[3]},{found[4]}", text)
    return _CLOSED.sub(r"\1", text)


def _code(sign: str) -> tuple[str | None, bool]:
    """(the currency, whether it was named by its code) of one sign or two, such as `USD $`; "" where it is none's."""
    together = sign.upper().replace(" ", "").rstrip(".")
    if together in iso_4217() or together.removesuffix("$") in iso_4217():
        return together.removesuffix("$"), True
    if together in SIGNS:
        return SIGNS[together], False
    each = sign.upper().split() if " " in sign else re.findall(r"[^\W\d_]+\.?|[^\w\s.]", sign.upper())
    known = [name for part in each if (name := part.rstrip("."))]
    if len(known) < 2 or not all(name in iso_4217() or name in SIGNS for name in known):
        return "", False
    codes = [name for name in known if name in iso_4217()]
    found = set(codes or (SIGNS[name] for name in known))
    return (found.pop() if len(found) == 1 else ""), bool(codes)


def _decimal(number: str, currency: str | None, has_sign: bool, decimal_comma: bool) -> Decimal | None:
    """A number with its marks sorted out, or None where they make no sense."""
    marks = {mark for mark in number if not mark.isdigit()}
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return _whole(number, marks)
    mark, before, behind = number[last], number[:last], number[last + 1 :]
    if number.count(mark) > 1:
        return _whole(number, marks)
    # One mark and three digits behind it: 1,299 is a thousand and more. So is "1.299 €", but a bare 1.299 was written
    # by a program, whose point is a decimal one; and some currencies have three decimals. In a feed whose decimals
    # stand behind commas it is the other way round.
    may_group = len(marks) == 1 and len(behind) == 3 and len(before) <= 3 and before.lstrip("0")
    if mark == "," and currency == "TND":  # of those with three decimals, the one that writes a comma
        may_group = False
    point_groups = (has_sign and currency not in _three_decimals()) or decimal_comma
    if may_group and (not decimal_comma if mark == "," else point_groups):
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
