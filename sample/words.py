"""Invented brands and names: none is meant to be anybody's."""

import numpy as np

BRANDS = (
    "Fictiva", "Imaginor", "Madeupp", "Notareal", "Pretendia", "Fauxley", "Makebelle", "Phantasmo", "Inventia",
    "Whimsico", "Mythbrand", "Hypothet", "Examplar", "Sampleton", "Placeholt", "Dummond", "Figmenta", "Unreala",
    "Storyville & Sons", "Loremco", "Ipsumo", "Exempli", "Nonesuch", "Supposio", "Quasimark", "Pseudona",
)  # fmt: skip

_STARTS = ("al", "be", "cor", "da", "el", "fa", "gri", "hal", "in", "jo", "ka", "lu", "mi", "no", "or", "pa", "qui",
           "ro", "su", "ti", "ul", "va", "wi", "zo", "bra", "cle", "dri", "flo")  # fmt: skip
_ENDS = ("na", "ro", "lux", "vo", "mint", "za", "lo", "ra", "dex", "ton", "via", "ka", "ris", "mo", "bell", "nox")


def invented_name(rng: np.random.Generator) -> str:
    """A word that could be a product's name: two or three syllables, capitalised."""
    middle = str(rng.choice(_STARTS)) if rng.random() < 0.35 else ""
    return (str(rng.choice(_STARTS)) + middle + str(rng.choice(_ENDS))).capitalize()
