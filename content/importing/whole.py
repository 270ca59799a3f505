"""Writes: a course package into rows, in one transaction; a second one of the same writes nothing."""

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from content import package, packed, schema, search
from content.importing import marks, rows
from content.importing.revisions import tell
from content.models import Concept, Course, Exercise, Figure, Misconception, Prerequisite, Resource, Rule, Step
from content.shelf import Index, Shelf

BATCH = 1000
PORTION, PORTION_SIZE = 2000, 4_000_000  # exercises in memory as rows at a time, and characters of them


Portion = Sequence[tuple[package.Exercise, int, str]]  # each with its position and its mark


class Refused(ValueError):
    """A package that cannot be written; `defects` says why, all of it. Nothing has been written."""

    def __init__(self, defects: Sequence[package.Defect]) -> None:
        super().__init__(f"{len(defects)} defects: " + "; ".join(f"{d.place}: {d.problem}" for d in defects[:3]))
        self.defects = tuple(defects)


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. Counts are of exercises but for `steps`; `changed` includes those that are new."""

    course_id: int | None  # none after a dry run of a course that does not exist yet
    exercises: int
    steps: int
    kept: int
    changed: int
    created: int
    retired: int
    dropped: int  # parts of the source that could not be used
    defects: Sequence[package.Defect]


def import_package(
    course_package: package.CoursePackage, *, defects: Sequence[package.Defect] = (), dry_run: bool = False
) -> ImportReport:
    """Write a package. `defects` are those its format reported; they are passed on. Raises Refused."""
    if found := schema.check_structure(course_package):
        raise Refused(found)
    with transaction.atomic():
        writing = _Writing(course_package, stores_files=not dry_run)
        writing.run()
        if dry_run:
            transaction.set_rollback(True)
    existed = not dry_run or writing.existed
    return ImportReport(
        course_id=writing.course.pk if existed else None,
        exercises=len(course_package.exercises),
        steps=sum(len(exercise.steps) for exercise in course_package.exercises),
        kept=len(course_package.exercises) - writing.changed,
        changed=writing.changed,
        created=writing.created,
        retired=writing.retired,
        dropped=sum(defect.dropped for defect in defects),
        defects=defects,
    )


class _Writing:
    """One import, in the caller's transaction."""

    def __init__(self, course_package: package.CoursePackage, *, stores_files: bool) -> None:
        self.package = course_package
        self.stores_files = stores_files
        self.changed = 0
        self.created = 0
        self.retired = 0
        self.existed = False
        self.course: Course

    def run(self) -> None:
        rewritings = {
            one.key: [[rule.before, rule.after] for rule in one.rewritings] for one in self.package.misconceptions
        }
        of_exercises = Shelf(str, str, (marks.of_exercise(one, rewritings) for one in self.package.exercises))
        mark = marks.of_course(self.package, of_exercises)
        fields = {
            name: getattr(self.package, name) for name in ("title", "language", "description", "licence", "attribution")
        }
        self.course, created = Course.objects.select_for_update().get_or_create(slug=self.package.slug, defaults=fields)
        self.existed = not created
        if self.course.fingerprint == mark:
            return
        self.figures()
        concepts = self.concepts()
        misconceptions = self.misconceptions(concepts)
        self.resources(concepts)
        self.exercises(of_exercises, concepts, misconceptions)
        self.retire_concepts()
        for name, value in fields.items():
            setattr(self.course, name, value)
        self.course.fingerprint = mark
        self.course.revision += not created
        self.course.save()
        tell(self.course.pk)

    def figures(self) -> None:
        """Store the figures under their hashes. Files of those that are gone stay: another course may share them."""
        known = {figure.name: figure for figure in Figure.objects.filter(course=self.course)}
        wanted = {name: stored_name(name, data) for name, data in self.package.files.items()}
        for name, data in self.package.files.items() if self.stores_files else ():
            if not default_storage.exists(wanted[name]):
                default_storage.save(wanted[name], ContentFile(data))
        made = [
            Figure(course=self.course, name=name, file=stored, content_type=content_type(name))
            for name, stored in wanted.items()
            if name not in known or known[name].file.name != stored
        ]
        changed = {row.name for row in made}
        Figure.objects.filter(
            course=self.course, name__in=[n for n in known if n in changed or n not in wanted]
        ).delete()
        Figure.objects.bulk_create(made, batch_size=BATCH)

    def concepts(self) -> dict[str, Concept]:
        """Write the concepts with their edges and rules; return the course's rows by key."""
        Concept.objects.bulk_create(
            [
                Concept(
                    course=self.course,
                    key=concept.key,
                    title=concept.title,
                    summary=concept.summary,
                    example=concept.example,
                    position=position,
                    imported=True,
                )
                for position, concept in enumerate(self.package.concepts)
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["course", "key"],
            update_fields=["title", "summary", "example", "position", "retired", "imported"],
        )
        named = {row.key: row for row in Concept.objects.filter(course=self.course)}
        ours = [named[concept.key].pk for concept in self.package.concepts]
        Prerequisite.objects.filter(concept__in=ours).delete()
        Prerequisite.objects.bulk_create(
            (
                Prerequisite(concept=named[concept.key], requires=named[key])
                for concept in self.package.concepts
                for key in concept.requires
            ),
            batch_size=BATCH,
        )
        Rule.objects.filter(concept__in=ours).delete()
        Rule.objects.bulk_create(
            (
                Rule(
                    concept=named[concept.key],
                    key=rule.key,
                    position=position,
                    statement=rule.statement,
                    when=rule.when,
                    example=rule.example,
                )
                for concept in self.package.concepts
                for position, rule in enumerate(concept.rules)
            ),
            batch_size=BATCH,
        )
        return named

    def retire_concepts(self) -> None:
        """Retire the concepts that are gone from the package, but for those that exercises made by hand practise."""
        gone = Concept.objects.filter(course=self.course, imported=True, retired=False)
        gone = gone.exclude(key__in=[concept.key for concept in self.package.concepts])
        by_hand = Step.objects.filter(exercise__course=self.course, exercise__fingerprint="", exercise__retired=False)
        gone.exclude(steps__in=by_hand.filter(retired=False)).update(retired=True)

    def misconceptions(self, concepts: Mapping[str, Concept]) -> dict[str, Misconception]:
        """Write the misconceptions; attempts point at them, so none is deleted."""
        Misconception.objects.bulk_create(
            [
                Misconception(
                    course=self.course,
                    key=one.key,
                    title=one.title,
                    explanation=one.explanation,
                    shows=one.shows,
                    rewritings=[[rule.before, rule.after] for rule in one.rewritings],
                )
                for one in self.package.misconceptions
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["course", "key"],
            update_fields=["title", "explanation", "shows", "rewritings"],
        )
        named = {row.key: row for row in Misconception.objects.filter(course=self.course)}
        of_concepts = [(named[one.key].pk, one.concepts) for one in self.package.misconceptions]
        _link(Misconception.concepts.through, "misconception_id", of_concepts, concepts)
        return named

    def resources(self, concepts: Mapping[str, Concept]) -> None:
        """Write the resources in their order; those that are gone from the package are retired."""
        fields = ("title", "text", "url", "minutes", "licence", "attribution")
        Resource.objects.bulk_create(
            [
                Resource(
                    course=self.course,
                    key=one.key,
                    kind=one.kind.value,
                    position=position,
                    imported=True,
                    **{name: getattr(one, name) for name in fields},
                )
                for position, one in enumerate(self.package.resources)
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["course", "key"],
            update_fields=[*fields, "kind", "position", "retired", "imported"],
        )
        named = dict(Resource.objects.filter(course=self.course).values_list("key", "pk"))
        keys = [one.key for one in self.package.resources]
        Resource.objects.filter(course=self.course, imported=True).exclude(key__in=keys).update(retired=True)
        of_concepts = [(named[one.key], one.concepts) for one in self.package.resources]
        _link(Resource.concepts.through, "resource_id", of_concepts, concepts)
        search.index(resources=[pk for pk, _ in of_concepts])

    def exercises(
        self, of_exercises: Sequence[str], concepts: Mapping[str, Concept], misconceptions: Mapping[str, Misconception]
    ) -> None:
        """Write the exercises that changed, with all their parts; put all in order; retire the rest."""
        of_course = Exercise.objects.filter(course=self.course)
        wanted: Index[int] = Index()
        for portion in _portions(enumerate(zip(self.package.exercises, of_exercises, strict=True))):
            self._portion(portion, concepts, misconceptions)
            wanted.update((exercise.key, 1) for exercise, _, _ in portion)
        in_use = of_course.filter(~Q(fingerprint=""), retired=False)
        gone = [pk for pk, key in in_use.values_list("pk", "key").order_by().iterator() if key not in wanted]
        for start in range(0, len(gone), BATCH):
            self.retired += of_course.filter(pk__in=gone[start : start + BATCH]).update(retired=True)

    def _portion(
        self, portion: Portion, concepts: Mapping[str, Concept], misconceptions: Mapping[str, Misconception]
    ) -> None:
        keys = [exercise.key for exercise, _, _ in portion]
        rows_of = Exercise.objects.filter(course=self.course, key__in=keys)
        known = {row.key: row for row in rows_of.only("key", "course", "position", "fingerprint", "retired")}
        moved: list[Exercise] = []
        other: list[tuple[package.Exercise, int, str]] = []
        for exercise, position, mark in portion:
            row = known.get(exercise.key)
            if row is None or row.retired or row.fingerprint != mark:
                self.created += row is None
                other.append((exercise, position, mark))
            elif row.position != position:
                row.position = position
                moved.append(row)
        self.changed += len(other)
        Exercise.objects.bulk_update(moved, ["position"], batch_size=BATCH)
        if other:
            self._write(other, concepts, misconceptions)

    def _write(
        self, other: Portion, concepts: Mapping[str, Concept], misconceptions: Mapping[str, Misconception]
    ) -> None:
        keys = [exercise.key for exercise, _, _ in other]
        known = {row.key: row for row in Exercise.objects.filter(course=self.course, key__in=keys)}
        written: list[tuple[package.Exercise, Exercise]] = []
        for exercise, position, mark in other:
            row = known.get(exercise.key) or Exercise(course=self.course, key=exercise.key, revision=0)
            rows.fill(row, exercise)
            row.position, row.fingerprint = position, mark
            written.append((exercise, row))
        Exercise.objects.bulk_create([row for _, row in written if row.key not in known], batch_size=BATCH)
        Exercise.objects.bulk_update([row for _, row in written if row.key in known], [*rows.FIELDS], batch_size=BATCH)
        rows.write_parts(written, concepts, misconceptions)


def _portions(exercises: Iterable[tuple[int, tuple[package.Exercise, str]]]) -> Iterator[Portion]:
    """Exercises in portions that the memory holds, however large the single ones are."""
    portion: list[tuple[package.Exercise, int, str]] = []
    size = 0
    for position, (exercise, mark) in exercises:
        portion.append((exercise, position, mark))
        size += len(json.dumps(packed.to_json(exercise)))
        if len(portion) >= PORTION or size >= PORTION_SIZE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _link(
    through: Any, owner: str, of_concepts: Sequence[tuple[int, Sequence[str]]], concepts: Mapping[str, Concept]
) -> None:
    """Say which concepts things are about, in the place of what was said before."""
    through.objects.filter(**{f"{owner}__in": [pk for pk, _ in of_concepts]}).delete()
    through.objects.bulk_create(
        [through(**{owner: pk, "concept_id": concepts[key].pk}) for pk, keys in of_concepts for key in keys],
        batch_size=BATCH,
    )


def stored_name(name: str, data: bytes) -> str:
    """Where a figure is stored: by its content, so that equal pictures are stored once and never overwritten."""
    return f"figures/{hashlib.sha256(data).hexdigest()}.{name.rpartition('.')[2].lower()}"


def content_type(name: str) -> str:
    """What kind of file a figure is, by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
