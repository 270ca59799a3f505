"""Themes of interest: the story of an exercise changes with what its student likes, the mathematics does not."""

from collections.abc import Collection, Mapping
from random import Random

from content.package import Exercise


def gettext_noop(text: str) -> str:
    """Mark a text for translation where there is no Django to translate it."""
    return text


THEMES = (
    ("sport", gettext_noop("sport")),
    ("music", gettext_noop("music")),
    ("nature", gettext_noop("animals and nature")),
    ("space", gettext_noop("space")),
    ("technology", gettext_noop("technology")),
    ("travel", gettext_noop("travel")),
    ("food", gettext_noop("food and cooking")),
    ("money", gettext_noop("money and shopping")),
    ("games", gettext_noop("games")),
)


def themes_of(exercise: Exercise) -> tuple[str, ...]:
    """Return the themes that an exercise can be told in, as its author ordered them."""
    themes = exercise.variables.get("themes")
    return tuple(map(str, themes)) if isinstance(themes, Mapping) else ()


def theme_of(exercise: Exercise, seed: int, interests: Collection[str] = ()) -> str:
    """Return the theme of a variant: one that the student likes, else any; "" where the exercise has none."""
    themes = themes_of(exercise)
    liked = [theme for theme in themes if theme in interests] or themes
    # Drawn apart from the values, which must not depend on the theme.
    rng = Random(f"{exercise.key}:{seed}:theme")  # noqa: S311 (variety is wanted, not secrecy)
    return liked[int(rng.random() * len(liked))] if liked else ""
