"""The fixtures that every other test leans on say what they promise."""

from content.models import Course, Step
from students.models import Classroom, User


def test_the_cast_is_who_it_says(
    student: User, classmate: User, teacher: User, other_teacher: User, classroom: Classroom, course: Course
) -> None:
    assert {enrolment.student for enrolment in classroom.enrolments.all()} == {student, classmate}
    assert list(classroom.teachers.all()) == [teacher]
    assert not other_teacher.classes_taught.filter(pk=classroom.pk).exists()
    assert course.exercises.count() == 12
    assert Step.objects.filter(exercise__course=course).values("kind").distinct().count() == 5
