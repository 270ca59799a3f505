"""Writes: courses and exercises into rows, each in one transaction; and the revisions that every change raises.

    marks       what a part of a package is recognised by when it comes again (plain)
    revisions   raised by every change, told to whoever listens, with a version of each exercise
    rows        exercises with their steps, hints and wrong answers
    whole       a course package
    single      one exercise of an author

An import compares fingerprints, so a second one writes nothing. What is gone from the package is retired, not deleted,
because attempts point at it. An exercise edited by hand keeps the edit until the package itself changes that exercise;
one that was made by hand stays.
"""

from content.importing.marks import fingerprint
from content.importing.revisions import changed, touch
from content.importing.single import write_exercise
from content.importing.whole import ImportReport, Refused, content_type, import_package, stored_name

__all__ = [
    "ImportReport",
    "Refused",
    "changed",
    "content_type",
    "fingerprint",
    "import_package",
    "stored_name",
    "touch",
    "write_exercise",
]
