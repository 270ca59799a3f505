"""A template and a seed become a concrete exercise: values are drawn, computed, checked, and put into every text.

The same seed always gives the same exercise, on every machine and Python: only `Random.random` is used, whose sequence
Python guarantees. Values are exact (fractions, never floats). Described for authors in docs/content.md.
"""

from content.variants.filling import FILTERS, blanks, fill
from content.variants.inspection import Inspection, Sample, check_variants, inspect
from content.variants.making import draw_values, instantiate, needs_rules
from content.variants.template import VariantProblem
from content.variants.themes import THEMES, theme_of, themes_of

__all__ = [
    "FILTERS", "THEMES", "Inspection", "Sample", "VariantProblem", "blanks", "check_variants", "draw_values", "fill",
    "inspect", "instantiate", "needs_rules", "theme_of", "themes_of",
]  # fmt: skip
