"""What is said, in the languages there are: gettext catalogues, and numbers and prices as each writes them (Babel)."""

import gettext
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_timedelta
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

FOLDER = Path(__file__).with_name("languages")
"""One catalogue a language, de.po and the like; to add a language is to add a file here."""
_DECIMALS = re.compile(r"\.0+")
_FURTHER = re.compile(r"\.#+")
_MOST_DIGITS = 20  # decimals count no further than 28
SOURCE = "en"
"""What the texts in the code are written in."""


def msgid(text: str) -> str:
    """Mark a text to be translated where it is used, not where it stands."""
    return text


@dataclass(frozen=True)
class Language:
    """Says things. `code`: of its catalogue; `locale`: how numbers are written, which a region may decide."""

    code: str
    locale: Locale
    translations: gettext.NullTranslations

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language, its {placeholders} filled in; HTML is to be escaped in them already."""
        return self.translations.gettext(message).format(**values)

    def many(self, one: str, others: str, count: int, **values: object) -> str:
        """The same for a message that depends on a count, which is there as {count}."""
        return self.translations.ngettext(one, others, count).format(count=self.number(count), **values)

    def number(self, value: float) -> str:
        """1,234 or 1.234."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """A likeness or probability. It is rounded down, so that what passes a threshold also looks as if it did."""
        return format_percent(int(share * 100 + 1e-6) / 100, locale=self.locale)

    def money(self, amount: str | Decimal, currency: str | None) -> str:
        """A price as it is written here: $12.99, 12,99 €; with all the decimals that it has."""
        try:
            value = Decimal(amount)
        except InvalidOperation:
            return " ".join(filter(None, [str(amount), currency]))
        if value.adjusted() >= _MOST_DIGITS:
            return " ".join(filter(None, [f"{value:.2E}", currency]))
        decimals = -int(value.as_tuple().exponent)
        if currency is None:
            kept = f".{'0' * decimals}" if decimals > 0 else ""
            pattern = _FURTHER.sub(kept, self.locale.decimal_formats[None].pattern)
            return format_decimal(value, pattern, locale=self.locale, decimal_quantization=False)
        is_finer = decimals > get_currency_precision(currency)
        return format_currency(value, currency, locale=self.locale, decimal_quantization=not is_finer)

    def day(self, day: date) -> str:
        """A day of this year in numbers: 11/30 or 30.11."""
        return format_skeleton("Md", day, locale=self.locale)

    def time(self, at: datetime) -> str:
        """A day and a time in numbers: 11/30 17:05."""
        return f"{self.day(at)} {format_skeleton('Hm', at, locale=self.locale)}"

    def round_money(self, amount: Decimal, currency: str | None) -> str:
        """The same of a whole amount without decimals: $20, 20 €."""
        if currency is None or amount.adjusted() >= _MOST_DIGITS or amount != amount.to_integral_value():
            return self.money(amount, currency)
        pattern = _DECIMALS.sub("", self.locale.currency_formats["standard"].pattern)
        return format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False)

    def ago(self, seconds: float) -> str:
        """5 minutes ago; nobody has to know in which time zone."""
        before = timedelta(seconds=-seconds)
        return format_timedelta(before, granularity="minute", add_direction=True, locale=self.locale)

    def list(self, items: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
        """a, b and c; or a, b or c."""
        return format_list(list(items), style=style, locale=self.locale)

    @cached_property
    def name(self) -> str:
        """What it calls itself, beginning with a capital."""
        own = self.locale.get_language_name(self.locale) or self.code
        return own[:1].upper() + own[1:]


class Languages:
    """All there are."""

    def __init__(self, translations: Mapping[str, gettext.NullTranslations]) -> None:
        self._translations = dict(sorted(translations.items()))

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Languages":
        """English, and every catalogue in the folder."""
        catalogues = {file.stem: _compiled(file) for file in folder.glob("*.po")}
        return cls({SOURCE: gettext.NullTranslations(), **catalogues})

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the languages there are."""
        return tuple(self._translations)

    def named(self, wanted: str) -> str | None:
        """The code of the language that is called so by itself or in English, or has this code; None where none is."""
        for code in self.codes:
            own, english = self.of(code).name, Locale(code).get_language_name(SOURCE) or code
            if wanted.casefold() in {code, own.casefold(), english.casefold()}:
                return code
        return None

    def of(self, chosen: str | None = None, profile: str | None = None) -> Language:
        """The chosen language, else that of a profile ("pt-br"), else English; a profile also says how to count."""
        wanted = _locale(profile)
        if chosen in self._translations:
            is_same = wanted is not None and wanted.language == chosen
            return Language(chosen, wanted if is_same and wanted else Locale(chosen), self._translations[chosen])
        if wanted is not None and wanted.language in self._translations:
            return Language(wanted.language, wanted, self._translations[wanted.language])
        return Language(SOURCE, Locale(SOURCE), self._translations[SOURCE])


def _locale(tag: str | None) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-") if tag else None
    except (ValueError, UnknownLocaleError, TypeError):
        return None


def _compiled(file: Path) -> gettext.NullTranslations:
    compiled = io.BytesIO()
    with file.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=file.stem, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
