"""In which encoding a feed's text is: by its mark, by what it declares, or by looking."""

import codecs
import re

UTF8 = "utf-8-sig"
_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 1_000  # bytes, for zeros
_ALSO_CALLED = {
    "utf8mb4": UTF8, "utf8": UTF8, "ascii": UTF8, "usascii": UTF8, "unicode": UTF8,
    "ansi": "cp1252", "western": "cp1252", "latin1": "cp1252", "iso88591": "cp1252",
    "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932", "ms932": "cp932", "windows31j": "cp932",
    "gb2312": "gb18030", "gbk": "gb18030", "euckr": "cp949", "ksc56011987": "cp949", "eucjp": "euc_jp",
    "macroman": "mac_roman", "macintosh": "mac_roman", "koi8": "koi8_r",
}  # fmt: skip
"""Names by their letters and digits -> Python's; of a set and a larger one that holds it, the larger."""

_NUMBERED = (
    (re.compile(r"x?(?:windows|win|cp|ansi|ms|microsoft|ibm|dos)(?:cp)?(\d{3,4})"), "cp{}"),
    (re.compile(r"(?:iso)?8859p?(\d{1,2})"), "iso8859-{}"),
    (re.compile(r"(?:iso)?latin(\d{1,2})"), "latin{}"),
    (re.compile(r"utf(\d{1,2})(le|be)?"), "utf-{}"),
)
_NOT_FOR_TEXT = frozenset(["idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"])
_SINGLE_BYTE = re.compile(r"cp125\d|iso8859-\d+|latin\d+|mac|koi8|cp(?:437|850|852|866)")
_WESTERN_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜŠŽŸàáâãäåæçèéêëìíîïñòóôõöøœùúûüšžßÿªº"
_MANY_FOREIGN_LETTERS = re.compile(r"[^\W\x00-\x7f]{3}")
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_](?:[^\w\x00-\x7f‘’´·\xad\xa0–—]|[¹³º])[^\W\d_]|[¹³][^\W\d_]")
_CAPITAL_IN_A_WORD = re.compile("[a-zß-ÿ][À-ÞŒŠŽŸ][a-zß-ÿ]|[A-Z][ŠŽŸ][a-z]")  # as Mac Roman's letters come out


def python_name(name: str) -> str | None:
    """What Python calls an encoding that a feed or a person names, however it is spelled; None where it knows none."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    guesses = [_ALSO_CALLED.get(plain, name.strip())]
    guesses += [spelt.format(found[1]) for known, spelt in _NUMBERED if (found := known.fullmatch(plain))]
    for guess in guesses:
        try:
            codec = codecs.lookup(guess)
        except (LookupError, ValueError):
            continue
        if codec._is_text_encoding and codec.name not in _NOT_FOR_TEXT:
            return UTF8 if codec.name == "utf-8" else codec.name
    return None


def encoding_of(head: bytes, declared: str | None = None) -> tuple[str, str]:
    """(Python's name of the encoding, what to tell the owner: mostly nothing).

    `declared` is Python's name of the one that the feed names itself, which is not always the one it is in.
    """
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _wide(head)
    if marked:
        return marked, ""
    if declared and declared.startswith(("utf-16", "utf-32")):
        declared = None  # which it cannot be: it could be read byte by byte
    text: str | None
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        beyond_cut = error.reason == "unexpected end of data" and error.end == len(head)
        text = head[: error.start].decode("utf-8") if beyond_cut else None
    if text is not None:
        says_otherwise = declared is not None and (text.isascii() or not _SINGLE_BYTE.match(declared))
        return (declared, "") if declared is not None and says_otherwise else (UTF8, "")
    if declared and declared != UTF8:
        return declared, ""
    if _looks_western(head):
        return "cp1252", (
            "is not UTF-8 and was read as Windows-1252. Where letters with marks came out wrong, say which encoding it "
            "is in (--encoding windows-1250, say), or save it as UTF-8."
        )
    return UTF8, (
        "holds text that is not UTF-8. Save it as UTF-8, or say with --encoding which one it is in, such as "
        "windows-1250, windows-1251 or shift_jis."
    )


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of Western text is zero."""
    looked_at = head[:_LOOKED_AT]
    if len(looked_at) < 4 or b"\0" not in looked_at:
        return None
    first, second = looked_at[::2], looked_at[1::2]
    if second.count(0) > 0.6 * len(second) and not first.count(0):
        return "utf-16-le"
    return "utf-16-be" if first.count(0) > 0.6 * len(first) and not second.count(0) else None


def _looks_western(head: bytes) -> bool:
    """Whether Windows-1252 makes words of it: single foreign letters among plain ones, and no signs within words."""
    if re.search(rb"[\xc3-\xf4][\x80-\xbf]", head) and _has_utf8(head):
        return False  # a mixture: what is UTF-8 in it stays right
    try:
        text = head.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return (
        not _MANY_FOREIGN_LETTERS.search(text)
        and not _SIGN_IN_A_WORD.search(text)
        and not _CAPITAL_IN_A_WORD.search(text)
        and all(letter.isascii() or letter in _WESTERN_LETTERS for letter in set(text) if letter.isalpha())
    )


def _has_utf8(head: bytes) -> bool:
    return not head.decode("utf-8", "ignore").isascii()
