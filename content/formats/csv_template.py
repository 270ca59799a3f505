"""A table to begin with, for teachers who write exercises in a spreadsheet: headings and a row of the usual kinds."""

import codecs
import csv
import io

from content.formats.csv_table import ALIASES

_SHOWN = (
    *("id", "title", "prompt", "kind", "answer", "choices", "tolerance", "unit"),
    *("concepts", "lesson", "tags", "solution"),
)
_CHINESE = tuple((english, chinese) for chinese, english in reversed(ALIASES.items()) if chinese[0] > "z")
_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        **{
            "id": "area-1",
            "title": "Area of a rectangle",
            "prompt": "A rectangle is $3$ cm by $4$ cm. How large is it?",
        },
        **{"kind": "number", "answer": "12", "tolerance": "0.1", "unit": "cm^2", "concepts": "area", "lesson": "1.1"},
        **{
            "tags": "geometry",
            "solution": "$3 \\cdot 4 = 12$",
            "hint1": "Multiply the sides.",
            "hint2": "$3 \\cdot 4$",
        },
        **{
            "wrong1": "14",
            "feedback1": "That is the way around it.",
            "wrong2": "7",
            "feedback2": "You added the sides.",
        },
    },
    {
        **{"id": "prime-1", "prompt": "Which of these is prime?", "kind": "one_choice", "answer": "B"},
        **{"choices": "4 | 7 | 9", "concepts": "primes", "wrong1": "C", "feedback1": "$9 = 3 \\cdot 3$."},
    },
    {
        **{"id": "prime-2", "prompt": "Which of these are prime?", "kind": "several_choices", "answer": "A, C"},
        **{"choices": "2 | 6 | 11", "concepts": "primes"},
    },
    {"id": "prime-3", "prompt": "1 is a prime.", "kind": "true_false", "answer": "false", "concepts": "primes"},
    {"id": "capital-1", "prompt": "The capital of France?", "kind": "text", "answer": "Paris", "concepts": "capitals"},
    {
        **{"id": "capital-2", "prompt": "Which belongs to which?", "kind": "matching", "concepts": "capitals"},
        **{"answer": "France => Paris | Italy => Rome", "choices": "Oslo"},
    },
    {
        **{"id": "sum-1", "prompt": "$2 + 3 =$ [[1]] and $2 \\cdot 3 =$ [[2]]", "kind": "cloze", "answer": "5 | 6"},
        **{"concepts": "adding | multiplying"},
    },
    {
        **{
            "id": "expand-1",
            "prompt": "Expand $2(x+3)$.",
            "kind": "expression",
            "answer": "2x+6",
            "concepts": "expanding",
        },
        **{"wrong1": "2x+3", "feedback1": "Multiply both parts of the sum."},
    },
)


def template(*, chinese: bool = False) -> bytes:
    """A table to begin with: the headings, and a row of each of the most usual kinds. UTF-8 with a mark, for Excel."""
    names = dict(_CHINESE) if chinese else {}
    heads = [*_SHOWN, "hint1", "hint2", "wrong1", "feedback1", "wrong2", "feedback2"]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_heading(head, names) for head in heads])
    for row in _EXAMPLES:
        writer.writerow([row.get(head, "") for head in heads])
    return codecs.BOM_UTF8 + stream.getvalue().encode()


def _heading(head: str, names: dict[str, str]) -> str:
    name = head.rstrip("0123456789")
    return names.get(name, name) + head[len(name) :]
