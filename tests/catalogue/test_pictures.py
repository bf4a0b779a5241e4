"""Pictures as feeds name them: lists, entities, invisible characters, addresses that lack a part."""

import pytest

from imgrec.catalogue.pictures import address_in, pictures_in

A, B = "https://shop.example/a.jpg", "https://shop.example/b.jpg"


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        (A, [A]),
        ("photos/a.jpg", ["photos/a.jpg"]),
        *[(f"{A}{mark}{B}", [A, B]) for mark in (",", ", ", "|", " | ", ";", "\n", "\r\n", " ", ",\n")],
        (f"{A},{A}", [A]),
        ("a.jpg,b.png; c.webp", ["a.jpg", "b.png", "c.webp"]),
        ("Red, large.jpg", ["Red, large.jpg"]),  # a file's name, for "Red" is none
        ("https://shop.example/12_High_Street,_Town.jpg", ["https://shop.example/12_High_Street,_Town.jpg"]),
        ("https://cdn.example/w,300;h,200/a.jpg, //cdn.example/b.jpg",
         ["https://cdn.example/w,300;h,200/a.jpg", "https://cdn.example/b.jpg"]),
        ("https://shop.example/a.jpg?x=1&amp;y=2", ["https://shop.example/a.jpg?x=1&y=2"]),
        ("https://shop.example/a.jpg?x=1&amp;amp;y=2", ["https://shop.example/a.jpg?x=1&y=2"]),
        ("https://shop.example/a.jpg?x=1&copy=2", ["https://shop.example/a.jpg?x=1&copy=2"]),
        (f"\ufeff{A}", [A]),
        (f"{A}\u200b", [A]),
        (f"\u200b {A} \u200e", [A]),
        ("//cdn.example/a.jpg", ["https://cdn.example/a.jpg"]),
        (r"https:\\shop.example\a.jpg", [A]),
        ("www.shop.example/a.jpg", ["https://www.shop.example/a.jpg"]),
        (f'"{A}"', [A]),
        *[(text, [A]) for text in (
            f"\u00a0{A}\u00a0", f"{A}.", f"({A})", f"\u201c{A}\u201d", f"<![CDATA[{A}]]>", f'<img src="{A}">',
            f'=IMAGE("{A}")', f"URL: {A}", f"data:image/gif;base64,R0lG, {A}", f"{A} ! alt : Red, large ! title : ",
            "https:/shop.example/a.jpg", "https//shop.example/a.jpg", r"https:\/\/shop.example\/a.jpg", f"http://{A}",
            "https: //shop.example/a.jpg",
        )],
        *[(text, [A, B]) for text in (
            f'["{A}","{B}"]', f"['{A}', '{B}']", f"{{{A},{B}}}", f'[{{"src":"{A}"}},{{"src":"{B}"}}]',
            '["https:\\/\\/shop.example\\/a.jpg","https:\\/\\/shop.example\\/b.jpg"]', f"{A}<br>{B}", f"{A}、{B}",
            f"{A} ! alt : x ! title : y | {B} ! alt : z",
        )],
        ("cdn.shop.com/a.jpg", ["https://cdn.shop.com/a.jpg"]),
        ("//cdn.example:8443/a.jpg", ["https://cdn.example:8443/a.jpg"]),
        ("photos.old/a.jpg", ["photos.old/a.jpg"]),
        *[(text, []) for text in ("none", "N/A", "-", "data:image/png;base64,iVBO")],
        (f"<{A}>", [A]),
        (" , ", []),
        ("", []),
    ],
)  # fmt: skip
def test_lists_are_split_where_an_address_begins_and_nowhere_else(text, pictures):
    assert pictures_in(text) == pictures


def test_one_address_is_mended_and_never_split():
    assert address_in("//shop.example/p?a=1&amp;b=2,3") == "https://shop.example/p?a=1&b=2,3"
    assert address_in(" \u200b ") is None
