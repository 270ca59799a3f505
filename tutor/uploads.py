"""Course files that authors hand in. Writes: CourseImport, and through content/importing the course.

A file is looked through before anything is written; what is large is looked through by a worker. A course that
somebody else writes is never changed: a file of the same short name becomes a course of its own.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction

from content import authoring, formats, importing
from content.formats import CourseError, Loaded, outcomes
from content.formats.source import Item, read_files
from content.models import Concept, Course
from content.package import CoursePackage, Defect
from students.models import User
from training import queue
from tutor.models import CourseImport

AT_ONCE = 2_000_000  # bytes that are looked through while the author waits
KEPT = timedelta(days=14)  # that a file waits for its author
EXPIRES = 3600  # seconds that a worker has to begin
MOST_ITEMS = 10_000  # items of a file that a report names
MOST_SAID = 2_000  # characters of why a file was refused


def hand_in(
    owner: User,
    file: File,  # type: ignore[type-arg]  # not subscriptable at run time
    *,
    now: datetime,
    adds_to: Concept | None = None,
) -> CourseImport:
    """Keep a file to be looked through. Its name is shown, names a course that says no name, and has the ending.

    It becomes a course of its own, or with `adds_to` drafts in the course of that concept.
    """
    name = re.sub(r"[^\w. -]", "_", Path(file.name or "course").name)[-120:]
    made = CourseImport(owner=owner, name=name, made_at=now, adds_to=adds_to)
    made.file.save(f"{secrets.token_hex(8)}/{name}", file, save=False)  # its own folder: two may be called alike
    made.save()
    return made


def go_on(row: CourseImport) -> None:
    """Do what comes next with a file: at once, or by a worker where it is large and there is one."""
    name, act = _NEXT[row.state]
    if row.file.size > AT_ONCE:
        try:
            queue.send(name, expires=EXPIRES, import_id=row.pk)
        except queue.DOWN:
            pass  # then its author waits for it
        else:
            return
    act(row.pk)


def look_through(import_id: int) -> CourseImport:
    """Read a file as an import would, and write down what would come of it. Safe to repeat."""
    row = CourseImport.objects.select_related("owner", "adds_to").get(pk=import_id)
    if row.state != CourseImport.State.WAITING:
        return row
    _run(row, dry_run=True)
    return row


def confirm(import_id: int) -> bool:
    """Say that a file that was looked through is to be imported; False where that has been said already."""
    rows = CourseImport.objects.filter(pk=import_id, state=CourseImport.State.READY)
    return bool(rows.update(state=CourseImport.State.IMPORTING))


def carry_out(import_id: int) -> CourseImport:
    """Import a file that was confirmed. Safe to repeat: a second time nothing is left to change."""
    row = CourseImport.objects.select_related("owner", "adds_to").get(pk=import_id)
    if row.state != CourseImport.State.IMPORTING:
        return row
    _run(row, dry_run=False)
    return row


def forget_unconfirmed(now: datetime) -> int:
    """Remove the files that nobody has said a word about for long, with their rows; returns how many there were."""
    unfinished = CourseImport.objects.exclude(state__in=[CourseImport.State.DONE, CourseImport.State.REFUSED])
    old = list(unfinished.filter(made_at__lt=now - KEPT).defer("report"))
    for row in old:
        _delete_file(row)
        row.delete()
    return len(old)


_NEXT: dict[str, tuple[str, Callable[[int], CourseImport]]] = {
    CourseImport.State.WAITING: ("tutor.tasks.look_through_import", look_through),
    CourseImport.State.IMPORTING: ("tutor.tasks.carry_out_import", carry_out),
}


def _whole_lines(said: Sequence[str]) -> str:
    """As many lines as are kept, none of them cut."""
    text = "\n".join(said)
    return text if len(text) <= MOST_SAID else text[:MOST_SAID].rpartition("\n")[0] or text[:MOST_SAID]


def _delete_file(row: CourseImport) -> None:
    folder = Path(row.file.path).parent
    row.file.delete(save=False)
    if not any(folder.iterdir()):
        folder.rmdir()


def _run(row: CourseImport, *, dry_run: bool) -> None:
    path = Path(row.file.path)
    try:
        name = formats.detect(read_files(path))
        loaded = formats.load(path, format_name=name)
        if loaded.strict and loaded.defects:
            raise importing.Refused(loaded.defects)
        if row.adds_to is None:
            course_package = own_name(loaded.package, row.owner, row.name)
            report = _import(course_package, row.owner, loaded.defects, dry_run=dry_run)
        else:
            course_package = loaded.package
            report = _add(course_package, row, row.adds_to, loaded.defects, dry_run=dry_run)
    except CourseError as error:
        row.state, row.problem = CourseImport.State.REFUSED, str(error).replace(str(path), row.name)[:MOST_SAID]
    except importing.Refused as refused:
        said = [f"{defect.place}: {defect.problem}" for defect in refused.defects]
        row.state, row.problem = CourseImport.State.REFUSED, _whole_lines(said)
    else:
        row.state = CourseImport.State.READY if dry_run else CourseImport.State.DONE
        row.course_id = report.course_id
        row.report = _report(name, course_package, loaded, report)
    row.save(update_fields=["state", "problem", "course", "report"])
    if row.state in {CourseImport.State.REFUSED, CourseImport.State.DONE}:
        _delete_file(row)


def _import(
    course_package: CoursePackage, owner: User, defects: Sequence[Defect], *, dry_run: bool
) -> importing.ImportReport:
    """As a course of its own, or as the newer state of one. Raises importing.Refused."""
    with transaction.atomic():
        before = Course.objects.filter(slug=course_package.slug).exists()
        report = importing.import_package(course_package, defects=defects, dry_run=dry_run)
        if not dry_run and not before:
            # Nobody has looked at it yet: its author opens it to students.
            made = Course.objects.get(slug=course_package.slug)
            made.published = False
            made.save(update_fields=["published"])
            made.authors.add(owner)
    return report


def _add(
    course_package: CoursePackage, row: CourseImport, concept: Concept, defects: Sequence[Defect], *, dry_run: bool
) -> importing.ImportReport:
    """As drafts of the course of a concept."""
    added = authoring.add_exercises(course_package, concept, author_id=row.owner_id, now=row.made_at, dry_run=dry_run)
    return importing.ImportReport(
        course_id=concept.course_id,
        exercises=added.created + added.kept,
        steps=0,
        kept=added.kept,
        changed=added.created,
        created=added.created,
        retired=0,
        dropped=sum(defect.dropped for defect in defects),
        defects=defects,
    )


def own_name(course_package: CoursePackage, owner: User, file_name: str) -> CoursePackage:
    """The package under a short name that its owner may write: the same one every time."""
    slug = course_package.slug or "course"
    taken = Course.objects.filter(slug=slug).exclude(authors=owner).exists()
    if taken and not owner.has_perm("content.change_course"):
        slug = f"{slug[:60]}-{owner.pk}"
        if Course.objects.filter(slug=slug).exclude(authors=owner).exists():
            raise CourseError(f"{file_name}: a course of somebody else has this short name: {slug}")
    return replace(course_package, slug=slug)


def _told(items: Sequence[Item]) -> Iterable[Item]:
    """The items that a report names: all, or of very many the first that did not come whole."""
    if len(items) <= MOST_ITEMS:
        return items
    return islice((item for item in items if item.outcome != "kept"), MOST_ITEMS)


def _report(name: str, course_package: CoursePackage, loaded: Loaded, report: importing.ImportReport) -> dict[str, Any]:
    items = outcomes.items(loaded)
    found = Counter(item.outcome for item in items)
    return {
        "format": formats.FORMATS[name].TITLE,
        "slug": course_package.slug,
        "title": course_package.title,
        "language": course_package.language,
        "licence": course_package.licence,
        "attribution": course_package.attribution,
        "exercises": report.exercises,
        "created": report.created,
        "changed": report.changed,
        "same": report.kept,
        "retired": report.retired,
        "outcomes": {outcome: found[outcome] for outcome in ("kept", "changed", "dropped")},
        "items": [asdict(item) for item in _told(items)],
        "defects": [{"place": defect.place, "problem": defect.problem} for defect in report.defects if not defect.item],
    }
