"""Texts compared exactly, but for what is no part of an answer: spaces, capitals, full-width signs, a full stop."""

import unicodedata

_SAME = str.maketrans({**dict.fromkeys("−–—‐‑", "-"), **dict.fromkeys("‘’`´", "'"), **dict.fromkeys("“”„", '"')})
_FINAL = ".。!?,;:、"


def normalise(text: str, *, case: bool = False) -> str:
    """The text as it is compared; `case` keeps capitals apart."""
    plain = unicodedata.normalize("NFKC", text.replace("$$", "")).translate(_SAME)
    plain = "".join(plain.split()).rstrip(_FINAL) or "".join(plain.split())
    return plain if case else plain.casefold()
