"""What a large course costs to import, in every format: time and the most memory that the command takes.

    python tests/benchmarks/bench_import.py [--megabytes 300] [FORMAT ...]

Makes a file of plausible questions in each format and runs `manage.py import_course` on it three times: as a dry run,
for good, and once more, which changes nothing. Prints a table, and as its last line JSON. The course stays on the site
whose folder `DATA` names, so take a folder of its own.
"""

import argparse
import base64
import json
import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = [
    "slope",
    "line",
    "ratio",
    "triangle",
    "market",
    "river",
    "garden",
    "bridge",
    "ladder",
    "recipe",
    "train",
    "second",
    "number",
    "point",
    "graph",
    "value",
    "rate",
    "change",
    "between",
    "every",
    "because",
    "longer",
    "shorter",
    "twice",
    "half",
    "after",
    "before",
    "together",
    "number",
    "of",
    "the",
    "and",
    "a",
    "in",
    "with",
    "which",
]
PICTURE = 1_000_000  # bytes
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><!--%s--></svg>'


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("formats", nargs="*", default=list(MAKERS), metavar="FORMAT")
    parser.add_argument("--megabytes", type=int, default=300)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    print("| file | exercises | dry run | import | again |\n| --- | --: | --- | --- | --- |")  # noqa: T201
    for name in options.formats:
        with tempfile.TemporaryDirectory() as folder:
            path = MAKERS[name](Path(folder), options.megabytes * 1_000_000)
            runs = [run(path, *more) for more in (["--dry-run"], [], [])]
        found[name] = runs
        cells = [f"{took['seconds']:.0f} s, {took['megabytes']:.0f} MB" for took in runs]
        print(f"| {name} | {runs[0]['exercises']:.0f} | {' | '.join(cells)} |", flush=True)  # noqa: T201
        assert runs[2]["changed"] == 0, "the second import changed something"
    print(json.dumps(found))  # noqa: T201


def run(path: Path, *more: str) -> dict[str, float]:
    """Import a file in a process of its own, and return what it took."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, "manage.py", "import_course", str(path), *more]
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        _, status, used = os.wait4(pid, 0)
        out.seek(0)
        said = out.read().decode().splitlines()
    assert status == 0, said[-3:]
    figures = json.loads(said[-1])
    took = {"seconds": time.monotonic() - began, "megabytes": used.ru_maxrss / 1000}
    return took | {name: figures[name] for name in ("exercises", "changed", "dropped")}


def text(rng: random.Random, count: int) -> str:
    """So many words."""
    return " ".join(rng.choices(WORDS, k=count)).capitalize() + "."


def gift(folder: Path, size: int) -> Path:
    """Choices with feedback, numbers, short answers and pairs, a category for every thousand."""
    path, rng = folder / "bench-gift.gift", random.Random(1)
    written = number = 0
    with path.open("w") as stream:
        while written < size:
            if number % 1000 == 0:
                written += stream.write(f"$CATEGORY: $course$/top/Unit {number // 1000}\n\n")
            kind = number % 4
            if kind == 0:
                choices = "\n".join(f"\t~{text(rng, 8)} {at}#{text(rng, 12)}" for at in range(3))
                inside = f"\n\t={text(rng, 8)} 7#{text(rng, 10)}\n{choices}\n"
            elif kind == 1:
                inside = f"#{number}:0.5#{text(rng, 15)}\n####{text(rng, 40)}"
            elif kind == 2:
                inside = f"={text(rng, 2)} ={text(rng, 3)}\n####{text(rng, 40)}"
            else:
                inside = "".join(f"\n\t={text(rng, 4)} {at} -> {text(rng, 3)} {at}" for at in range(4)) + "\n"
            written += stream.write(f"::Question {number}::{text(rng, 25)} {number}? {{{inside}}}\n\n")
            number += 1
    return path


def gift_pictures(folder: Path, size: int) -> Path:
    """Questions with a picture of a megabyte each."""
    path, rng = folder / "bench-gift-pictures.gift", random.Random(2)
    with path.open("w") as stream:
        for number in range(size // (PICTURE * 4 // 3)):
            address = base64.b64encode(svg(rng)).decode().replace("=", "\\=")
            stream.write(f'[html]<p>What is it?</p><img src\\="data:image/svg+xml;base64,{address}">{{={number}}}\n\n')
    return path


def csv(folder: Path, size: int) -> Path:
    """A table with choices, numbers and texts, with hints, wrong answers and solutions."""
    path, rng = folder / "bench-csv.csv", random.Random(3)
    written, number = 0, 0
    with path.open("w") as stream:
        stream.write("id,title,prompt,kind,answer,choices,lesson,concepts,solution,hint1,hint2,wrong1,feedback1\n")
        while written < size:
            kind, answer, choices, wrong = [
                ("one_choice", "B", " | ".join(f"{text(rng, 8)} {at}" for at in range(4)), "A"),
                ("number", str(number), "", str(number + 1)),
                ("text", text(rng, 2), "", text(rng, 3)),
            ][number % 3]
            cells = [f"q{number}", f"Question {number}", f"{text(rng, 25)} {number}?", kind, answer, choices]
            cells += [f"{number // 1000}", f"Unit {number // 1000}", *(text(rng, 20) for _ in range(3)), wrong]
            cells += [text(rng, 12)]
            written += stream.write(",".join(f'"{cell}"' for cell in cells) + "\n")
            number += 1
    return path


def moodle_xml(folder: Path, size: int) -> Path:
    """Choices with feedback."""
    path, rng = folder / "bench-moodle-xml.xml", random.Random(4)

    def part(name: str, said: str, more: str = "") -> str:
        return f'<{name} {more} format="html"><text>{said}</text></{name}>'

    def pieces() -> Iterator[str]:
        number = 0
        while True:
            choices = "".join(
                f'<answer fraction="{0 if at else 100}" format="html"><text>{text(rng, 8)} {at}</text>'
                f"<feedback><text>{text(rng, 12)}</text></feedback></answer>"
                for at in range(4)
            )
            yield (
                f'<question type="multichoice"><name><text>Question {number}</text></name>'
                f"{part('questiontext', f'{text(rng, 25)} {number}?')}{part('generalfeedback', text(rng, 30))}"
                f"<single>true</single>{choices}</question>\n"
            )
            number += 1

    _fill(path, size, '<?xml version="1.0"?><quiz>', pieces(), "</quiz>")
    return path


def yincai(folder: Path, size: int) -> Path:
    """A native package as a zip, a lesson for every thousand exercises."""
    path, rng = folder / "bench-yincai.zip", random.Random(5)
    written = number = 0
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("course.yaml", "slug: bench-yincai\ntitle: Bench\nlanguage: en\n")
        archive.writestr("concepts.yaml", "".join(f"- key: unit-{at}\n  title: Unit {at}\n" for at in range(1000)))
        while written < size:
            pieces = []
            unit = number // 1000
            for _ in range(1000):
                choices = "".join(f"      {at}: {text(rng, 8)} {at}\n" for at in "ABCD")
                pieces.append(
                    f"- key: q{number}\n  title: Question {number}\n  prompt: {text(rng, 25)}\n  lesson: Unit {unit}\n"
                    f"  concepts: [unit-{unit}]\n  answer:\n    kind: one_choice\n    choices:\n{choices}"
                    f"    correct: B\n  hints:\n  - {text(rng, 20)}\n  - {text(rng, 20)}\n  solution: {text(rng, 30)}\n"
                    f"  wrong_answers:\n  - response: A\n    feedback: {text(rng, 12)}\n"
                )
                number += 1
            said = "".join(pieces)
            written += len(said)
            archive.writestr(f"exercises/{unit:04}.yaml", said)
    return path


def yincai_pictures(folder: Path, size: int) -> Path:
    """A native package of a few exercises with a figure of a megabyte each."""
    path, rng = folder / "bench-yincai-pictures.zip", random.Random(6)
    count = size // PICTURE
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("course.yaml", "slug: bench-yincai-pictures\ntitle: Bench\nlanguage: en\n")
        archive.writestr("concepts.yaml", "- key: c\n  title: Seeing\n")
        said = "".join(
            f"- key: q{at}\n  concepts: [c]\n  prompt: What is it? ![](f{at}.svg)\n"
            f'  answer: {{kind: number, value: "{at}"}}\n'
            for at in range(count)
        )
        archive.writestr("exercises/0001.yaml", said)
        for at in range(count):
            archive.writestr(f"figures/f{at}.svg", svg(rng))
    return path


def svg(rng: random.Random) -> bytes:
    """A picture of about a megabyte that nothing packs."""
    return SVG % base64.b64encode(rng.randbytes(PICTURE * 3 // 4))


MAKERS: dict[str, Callable[[Path, int], Path]] = {
    "gift": gift,
    "gift_pictures": gift_pictures,
    "csv": csv,
    "moodle_xml": moodle_xml,
    "yincai": yincai,
    "yincai_pictures": yincai_pictures,
}


def _fill(path: Path, size: int, begin: str, pieces: Iterator[str], end: str) -> None:
    with path.open("w") as stream:
        written = stream.write(begin)
        while written < size:
            written += stream.write(next(pieces))
        stream.write(end)


if __name__ == "__main__":
    main()
