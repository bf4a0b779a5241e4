"""Every text is there in every language, and says the same with the same values in it."""

import re
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.language import FOLDER, Languages
from imgrec.search.colour_words import COLOUR_WORDS

CATALOGUES = sorted(FOLDER.glob("*.po"))
KEYWORDS = {"say": None, "many": (1, 2), "msgid": None}
LANGUAGES = Languages.load()


@pytest.fixture(scope="module")
def texts() -> set[str | tuple[str, ...]]:
    """What the code says; of a text that depends on a count, both forms."""
    found = extract_from_dir(
        FOLDER.parent, [("**.py", "bot.languages.extracting:extract")], keywords=KEYWORDS  # type: ignore[arg-type]
    )  # fmt: skip
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


def read(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale=file.stem, abort_invalid=True)


def messages(file: Path) -> list[Message]:
    return [message for message in read(file) if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def markup(text: str) -> list[str]:
    """What Telegram understands of a text: tags and commands."""
    return sorted(re.findall(r"</?\w+[^>]*>|(?<![\w/])/[a-z]+", text))


def test_the_five_languages_are_there() -> None:
    assert set(LANGUAGES.codes) >= {"de", "en", "es", "hi", "ru"}
    assert set(LANGUAGES.codes) == set(COLOUR_WORDS)


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.stem)
def test_a_catalogue_has_every_text_and_no_other(file: Path, texts: set[str | tuple[str, ...]]) -> None:
    """If this fails, `make languages` takes the texts in; then translate what is blank."""
    held = {message.id if isinstance(message.id, str) else tuple(message.id) for message in messages(file)}
    assert held == texts
    assert [message.id for message in messages(file) if message.fuzzy] == []
    assert [message.id for message in messages(file) if not all(forms(message.string))] == []


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.stem)
def test_a_translation_has_the_values_the_markup_and_as_many_forms_as_it_must(file: Path) -> None:
    plurals = read(file).num_plurals
    for message in messages(file):
        said, meant = forms(message.string), forms(message.id)
        assert len(said) == (1 if len(meant) == 1 else plurals), message.id
        for form in said:
            assert placeholders(form) <= set().union(*map(placeholders, meant)), form
            assert len(meant) > 1 or placeholders(form) == placeholders(meant[0]), form
            assert markup(form) == markup(meant[-1]), form
            assert form.count("\n") == meant[-1].count("\n"), form


@pytest.mark.parametrize(
    ("chosen", "profile", "code", "price"),
    [
        (None, None, "en", "€1,299.50"),
        (None, "de-AT", "de", "€ 1.299,50"),
        (None, "fr", "en", "€1,299.50"),
        ("es", "de", "es", "1.299,50 €"),
        ("xx", "ru", "ru", "1 299,50 €"),
        (None, "_" * 300, "en", "€1,299.50"),
    ],
)
def test_a_chats_choice_comes_before_the_profile_and_a_region_says_how_to_write_numbers(
    chosen: str | None, profile: str | None, code: str, price: str
) -> None:
    say = LANGUAGES.of(chosen, profile)
    assert say.code == code
    assert say.money("1299.5", "EUR").replace("\N{NO-BREAK SPACE}", " ") == price


def test_a_language_is_named_by_its_code_by_itself_or_in_english() -> None:
    assert [LANGUAGES.named(name) for name in ("de", "deutsch", "German", "РУССКИЙ", "हिन्दी")] == [
        "de", "de", "de", "ru", "hi",
    ]  # fmt: skip
    assert LANGUAGES.named("") is LANGUAGES.named("auto") is LANGUAGES.named("klingon") is None


def test_a_price_keeps_the_decimals_it_has_and_what_is_none_is_left_as_it_is() -> None:
    english = LANGUAGES.of("en")
    assert english.money("0.0025", "USD") == "$0.0025"
    assert english.money("129", "JPY") == "¥129"
    assert english.money("12", None) == "12"
    assert english.money("1299.90", None) == "1,299.90"
    assert LANGUAGES.of("de").money("9.90", None) == "9,90"
    assert LANGUAGES.of("hi").money("1234567.50", None) == "12,34,567.50"
    assert english.money("on request", "USD") == "on request USD"
    assert english.money("9" * 40, "USD") == english.round_money(Decimal("9" * 40), "USD") == "1.00E+40 USD"


def test_to_add_a_language_is_to_add_a_file(tmp_path: Path) -> None:
    (tmp_path / "nl.po").write_text('msgid "More"\nmsgstr "Meer"\n', encoding="utf-8")
    dutch = Languages.load(tmp_path).of("nl")
    assert (dutch("More"), dutch("Something new"), dutch.name) == ("Meer", "Something new", "Nederlands")
