"""What shoppers write beside a photo, read in five languages: what was understood, and what was not."""

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.catalogue.filters import Filters
from imgrec.catalogue.prices import Price
from imgrec.catalogue.tokens import fold
from imgrec.catalogue.vocabulary import Vocabulary
from imgrec.search.lexicon import ENGLISH, LEXICON_KEYS, Lexicon
from imgrec.search.narrowing import Narrowing, read_words

TITLES = (
    "leather",
    "boot",
    "t-shirt",
    "501",
    "orangeade",
    "lederschuh",
    "leder",
    "zapato",
    "cuero",
    "чашка",
    "кожаная",
    "जूते",
    "चमड़े",
)
BRANDS = ("Acme & Sons", "Nike", "Black & Decker", "Under Armour", "Adidas", "The", "Orange", "Звезда")


def has_word(word: str) -> bool:
    return any(fold(title).startswith(fold(word)) for title in TITLES)


def vocabulary(
    currencies: tuple[str, ...] = ("EUR",), has_prices: bool = True, sizes: str = "42 42.5 m xl"
) -> Vocabulary:
    brands = {tuple(fold(word) for word in brand.replace("& ", "").split()): brand for brand in BRANDS}
    return Vocabulary(brands, frozenset(sizes.split()), currencies, has_prices, has_word)


SHOP = vocabulary()


def understood(narrowing: Narrowing) -> list[str]:
    return [f"{one.kind} {one.value}" for one in narrowing.used]


def read(text: str, lexicon: Lexicon = ENGLISH) -> list[str]:
    """What was understood of a text of which nothing was left."""
    narrowing = read_words(text, SHOP, lexicon)
    assert narrowing.unused == ()
    return understood(narrowing)


def test_words_come_to_filters_in_the_shoppers_own_words():
    narrowing = read_words("like this but in Red leather, under €20 please, by acme!", SHOP)
    assert narrowing.filters == Filters(
        most_price=Decimal(20), brand="Acme & Sons", words=("leather",), colours=("red",)
    )
    assert [one.words for one in narrowing.used] == ["Red", "leather", "under €20", "by acme"]
    assert narrowing.unused == ()


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("under 20", None, "20"), ("below €20", None, "20"), ("< 20", None, "20"), ("<=20€", None, "20"),
        ("less than 20 euros", None, "20"), ("20eur or less", None, "20"), ("no more than 20", None, "20"),
        ("under the 20", None, "20"), ("under 1.299,50", None, "1299.50"), ("under 1,299.50", None, "1299.50"),
        ("under 1 299 EUR", None, "1299"), ("under 1.299", None, "1299"), ("under ٢٠", None, "20"),
        ("under २०", None, "20"), ("over 50", "50", None), ("at least 50 EUR", "50", None), ("50 and up", "50", None),
        ("20-40", "20", "40"), ("€20 – €40", "20", "40"), ("20 to 40", "20", "40"), ("from 20 to 40", "20", "40"),
        ("between 20 and 40 EUR", "20", "40"), ("between 40 and 20", "20", "40"), ("over 20 under 40", "20", "40"),
    ],
)  # fmt: skip
def test_prices_are_read_as_people_write_them(text, least, most):
    narrowing = read_words(text, SHOP)
    assert narrowing.filters == Filters(least and Decimal(least), most and Decimal(most))
    assert narrowing.unused == ()
    assert {one.currency for one in narrowing.used} == {"EUR"}


@pytest.mark.parametrize(
    "text", ["cheap", "under $20", "under 20 dollars", "20 euros", "under 20 TRY", "size 39", "xyzzy",
             "not over-the-top", "not under 20 dollars", "20 pieces", "under", "without"],
)  # fmt: skip
def test_what_cannot_be_used_is_said_to_be_of_no_use_and_narrows_nothing(text):
    narrowing = read_words(text, SHOP)
    assert narrowing.filters.is_empty
    assert (narrowing.used, narrowing.unused) == ((), (text,))


@pytest.mark.parametrize("text", ["in stock", "red, in stock", "available in red please"])
def test_what_is_sold_out_is_hidden_anyhow_so_that_being_in_stock_says_nothing(text):
    assert read(text) == (["colour red"] if "red" in text else [])


def test_a_price_counts_only_in_a_currency_the_shop_has():
    both = vocabulary(("USD", "EUR"))
    assert read_words("under 20", both).filters == Filters(most_price=Decimal(20), currency="USD")
    assert read_words("under 20 €", both).filters == Filters(most_price=Decimal(20), currency="EUR")
    assert read_words("under $20", vocabulary(("CAD",))).filters == Filters(most_price=Decimal(20))
    assert read_words("under 20", vocabulary((), has_prices=False)).unused == ("under 20",)
    assert read_words("under 20", vocabulary(())).filters == Filters(most_price=Decimal(20))
    assert read_words("under 20 €", vocabulary(())).unused == ("under 20 €",)


def test_cheaper_is_below_the_price_that_is_known():
    known = Price("12.50", "EUR")
    narrowing = read_words("something cheaper in red, please", SHOP, known=known)
    assert narrowing.filters == Filters(most_price=Decimal("12.49"), colours=("red",))
    assert [(one.words, one.currency) for one in narrowing.used] == [("cheaper", "EUR"), ("red", None)]
    assert read_words("cheaper than this", vocabulary(("USD", "EUR")), known=known).filters == Filters(
        most_price=Decimal("12.49"), currency="EUR"
    )
    assert read_words("cheaper than 20, or 15 or cheaper", SHOP, known=known).filters.most_price == 20
    for text in ("cheaper", "too expensive"):
        assert read_words(text, SHOP).unused == (text,)
    assert read_words("no, cheaper", SHOP, known=known).used
    assert read_words("not cheaper", SHOP, known=known).unused == ("not cheaper",)


def test_of_two_that_contradict_each_other_the_first_counts():
    narrowing = read_words("under 20 by Nike, under 30 from Adidas", SHOP)
    assert understood(narrowing) == ["most_price 20", "brand Nike"]
    assert narrowing.unused == ("under 30 from Adidas",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by ACME & Sons", "Acme & Sons"), ("acme sons", "Acme & Sons"), ("from acme", "Acme & Sons"),
        ("nike", "Nike"), ("by nikee", "Nike"), ("adiddas", "Adidas"), ("black & decker", "Black & Decker"),
        ("under armour", "Under Armour"), ("by Orange", "Orange"), ("by the", "The"),
    ],
)  # fmt: skip
def test_brands_are_known_whatever_their_capitals_and_with_a_slip(text, expected):
    assert read(text) == [f"brand {expected}"]


def test_a_colour_goes_before_a_brand_of_that_name_and_nothing_is_guessed_wildly():
    assert read("orange") == ["colour orange"]
    assert read("the") == []
    assert read_words("feather", SHOP).unused == ("feather",)


def test_sizes_are_those_the_shop_has():
    assert read("size 42 boots") == ["size 42", "title boot"]
    assert read("XL please") == ["size xl"]
    assert read("size: 42,5") == ["size 42.5"]
    assert read("any size, red") == ["colour red"]
    assert read_words("size 42", vocabulary(sizes="")).unused == ("size 42",)


def test_what_is_not_wanted_is_left_out():
    narrowing = read_words("boots, not red and without any leather", SHOP)
    assert narrowing.filters == Filters(words=("boot",), without_words=("leather",), without_colours=("red",))


def test_no_and_a_comma_answers_and_does_not_leave_out():
    assert read_words("no, red please", SHOP).filters == Filters(colours=("red",))
    assert read_words("No,red. Not black", SHOP).filters == Filters(colours=("red",), without_colours=("black",))


def test_words_of_no_use_that_stand_together_are_named_as_one():
    assert read_words("very cheap red for my grandma", SHOP).unused == ("very cheap", "grandma")
    assert read_words("very cheap, size 39", SHOP).unused == ("very cheap", "size 39")


GERMAN = Lexicon.from_strings(
    {
        "red": "rot | rote | roter | rotes", "turquoise": "türkis", "under": "unter | bis", "over": "ab | von",
        "under_behind": "oder weniger", "between": "zwischen | von", "to": "bis", "and": "und", "by": "von",
        "size": "größe | grösse", "not": "nicht | ohne", "stop": "so wie das | aber | in | bitte",
        "endings": "e | en | n", "decimal_mark": ",",
    }
)  # fmt: skip
SPANISH = Lexicon.from_strings(
    {
        "red": "rojo | roja | rojos", "navy": "azul marino", "blue": "azul", "under": "menos de | por menos de | hasta",
        "between": "entre | de", "to": "a", "and": "y", "by": "de", "size": "talla", "not": "no | sin",
        "stop": "de | un", "endings": "s", "decimal_mark": ",",
    }
)  # fmt: skip
HINDI = Lexicon.from_strings(
    {
        "red": "लाल", "under_behind": "से कम | तक", "over_behind": "से ज़्यादा", "to": "से", "and": "और",
        "between_behind": "के बीच", "by": "ब्रांड", "size": "साइज़", "not_behind": "नहीं | के बिना", "stop": "के | दिखाओ",
    }
)  # fmt: skip
RUSSIAN = Lexicon.from_strings(
    {
        "red": "красный | красная | красные", "black": "чёрный", "under": "до | дешевле", "over": "от",
        "between": "от", "to": "до", "by": "от", "size": "размер", "not": "не | без", "endings": "ые | ая | и | а",
        "decimal_mark": ",",
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("lexicon", "text", "expected"),
    [
        (GERMAN, "so wie das, aber in TÜRKIS, bitte", "colour turquoise"),
        (GERMAN, "rote Lederschuhe unter 1.299", "colour red|title lederschuh|most_price 1299"),
        (GERMAN, "von 20 bis 50", "least_price 20|most_price 50"),
        (GERMAN, "von Nike bis 50 €", "brand Nike|most_price 50"),
        (GERMAN, "20 oder weniger, GRÖSSE m", "most_price 20|size m"),
        (GERMAN, "nicht rot, ohne Leder", "without_colour red|without_title leder"),
        (SPANISH, "zapatos rojos de cuero por menos de 20", "title zapato|colour red|title cuero|most_price 20"),
        (SPANISH, "de 20 a 50 de Nike", "least_price 20|most_price 50|brand Nike"),
        (SPANISH, "azul marino sin cuero talla 42", "colour navy|without_title cuero|size 42"),
        (HINDI, "लाल जूते 20 से कम दिखाओ", "colour red|title जूते|most_price 20"),
        (HINDI, "20 से 40 के बीच", "least_price 20|most_price 40"),
        (HINDI, "२० और ४० के बीच", "least_price 20|most_price 40"),
        (HINDI, "लाल नहीं, चमड़े के बिना", "without_colour red|without_title चमड़े"),
        (HINDI, "50 से ज़्यादा, 42 साइज़", "least_price 50|size 42"),
        (RUSSIAN, "красные кожаные чашки до 20", "colour red|title кожан|title чашк|most_price 20"),
        (RUSSIAN, "от 20 до 50", "least_price 20|most_price 50"),
        (RUSSIAN, "от Звезда, черный, дешевле 1 299,50", "brand Звезда|colour black|most_price 1299.50"),
        (RUSSIAN, "red under 20", "colour red|most_price 20"),
    ],
)
def test_each_language_has_its_own_words_and_order_and_english_beside(lexicon, text, expected):
    assert read(text, lexicon) == expected.split("|")


def test_a_lexicon_is_made_of_the_keys_there_are():
    with pytest.raises(ValueError, match="no colour_of_the_sea"):
        Lexicon.from_strings({"colour_of_the_sea": "blue"})
    assert set(ENGLISH.keys) == set(LEXICON_KEYS) - {"between_behind", "not_behind", "endings", "decimal_mark"}


def test_accents_capitals_and_invisible_marks_do_not_matter():
    assert read("\u200fRED\u200e \U0001f45f\U0001f3fd under\u00a020\u200d\U0001f642") == ["colour red", "most_price 20"]
    assert read("turkis", GERMAN) == ["colour turquoise"]
    assert read("ＲＥＤ ｕｎｄｅｒ ２０") == ["colour red", "most_price 20"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["red", "not", "under", "20", "€", "-", "between", "and", "by", "nike", "size", "m", "boots", "a", "3.5.7", "20eur",
     "\0", '"', "🙂", "ل", "से कम", "no more than"]), max_size=12).map(" ".join))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_what_it_says_is_the_shoppers_words(text):
    for lexicon in (ENGLISH, GERMAN, HINDI):
        narrowing = read_words(text, SHOP, lexicon)
        spaced = " ".join(text.split())
        assert all(one.words in spaced for one in narrowing.used)
        assert all(words in spaced for words in narrowing.unused)
        assert narrowing.filters.is_empty == (not narrowing.used)


@pytest.mark.parametrize(
    "part",
    ["red ", "by x ", "not ", "1 ", "a", "1", "(", "under ", "a-", "1.1a", "123 ", "\u200f", "xyzzy ", "क", "🙂"],
)
def test_long_texts_take_no_longer_than_their_length_says(part):
    started = time.process_time()
    read_words((part * 10_000)[:10_000], SHOP, HINDI)
    assert time.process_time() - started < 5
