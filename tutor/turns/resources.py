"""What there is to read, watch or play about the step in hand. Reads: Resource.

It is about the concept and never about the very exercise, so that it stands open to everybody and counts as no hint;
a worked example comes near to the exercise, and waits until a try has counted.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from content.models import Course, Resource
from content.package import ResourceKind, Step
from students.models import User

MOST = 2  # one thing to begin with, and another form of it


def offered(student: User, course: Course, step: Step, *, tries: int) -> tuple[Resource, ...]:
    """Return one or two resources on the concepts of a step: the form that the student asked for first, then another.

    No query once the course's are read.
    """
    on = _by_concept(course.pk, course.revision)
    found = [one for key in step.concepts for one in on.get(key, ())]
    found = [one for one in dict.fromkeys(found) if tries or one.kind != ResourceKind.WORKED_EXAMPLE]
    wanted = student.preference.form if hasattr(student, "preference") else ""
    found.sort(key=lambda one: one.kind != wanted)
    others = sorted(found[1:], key=lambda one: one.kind == found[0].kind)
    return tuple([*found[:1], *others][:MOST])


@lru_cache(maxsize=64)
def _by_concept(course_id: int, revision: int) -> Mapping[str, tuple[Resource, ...]]:
    """The resources in use of a course, in their order, by the concepts that they serve."""
    found: dict[str, list[Resource]] = defaultdict(list)
    rows = Resource.objects.filter(course=course_id, retired=False).order_by("position", "pk")
    for row in rows.prefetch_related("concepts"):
        for concept in row.concepts.all():
            found[concept.key].append(row)
    return {key: tuple(of_concept) for key, of_concept in found.items()}
