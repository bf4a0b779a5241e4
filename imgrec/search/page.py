"""An answer as a page: the photo and its matches with their pictures, all in one file that opens anywhere."""

import base64
import io
from html import escape
from pathlib import Path

from imgrec.generations import write_atomically
from imgrec.search.answer import Answer, Match
from imgrec.vision.decode import decode_photo

_SIDE_PX = 320

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body {{ font: 16px/1.45 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }}
header {{ display: flex; gap: 1.25rem; align-items: center; margin-bottom: 1.5rem }}
header img {{ width: 11rem; border-radius: .75rem }}
h1 {{ font-size: 1.35rem; margin: 0 }} p {{ margin: .25rem 0; opacity: .75 }}
ol {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1.25rem; list-style: none;
     padding: 0 }}
li img {{ width: 100%; aspect-ratio: 1; object-fit: contain; background: #fff; border-radius: .75rem;
         border: 1px solid #8883 }}
li b {{ display: block; margin-top: .4rem; font-weight: 600; overflow-wrap: anywhere }}
li span {{ display: block; font-size: .9rem; opacity: .75 }}
</style>
<header>{photo}<div><h1>{title}</h1>{facts}</div></header>
<ol>{matches}</ol>
</html>
"""


def write_page(file: Path, photo: Path, answer: Answer, words: str = "") -> None:
    """Write the page; `words` tells what of a shopper's words was used. Feed text stands in it as text."""
    seen = answer.category
    title = f"{seen.name} ({seen.probability:.0%})" if seen else "What looks like it"
    facts = [
        *([] if answer.is_sold else [f"Nothing like this seems to be sold here ({1 - answer.sold:.0%})."]),
        f"Searched: {', '.join(answer.scope) or 'everything'}, from similarity {answer.threshold:.3f}",
        *([words] if words else []),
        _how_many(answer),
    ]
    page = _PAGE.format(
        title=escape(title),
        photo=_picture(photo, "the photo"),
        facts="".join(f"<p>{escape(fact)}</p>" for fact in facts),
        matches="".join(_item(match) for match in answer.matches),
    )
    write_atomically(file, page.encode())


def _how_many(answer: Answer) -> str:
    if answer.matches:
        return f"Found: {len(answer.matches)}"
    return "No product is similar enough." if answer.nearest else "No product there has what else was asked for."


def _item(match: Match) -> str:
    product = match.product
    title = escape(product.name)
    if product.url and product.url.startswith(("http://", "https://")):
        title = f'<a href="{escape(product.url)}">{title}</a>'
    lines = [
        match.price_in_words(),
        product.brand or "",
        f"{match.degree}, {match.likeness:.0%} alike (similarity {match.similarity:.3f})",
    ]
    picture = _picture(product.photo, "") if product.photo else ""
    return f"<li>{picture}<b>{title}</b>{''.join(f'<span>{escape(line)}</span>' for line in lines if line)}</li>"


def _picture(file: Path, words: str) -> str:
    small = decode_photo(file, _SIDE_PX)
    small.thumbnail((_SIDE_PX, _SIDE_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return f'<img alt="{escape(words)}" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
