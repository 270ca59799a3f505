"""Which answers may be used for training. Reads: attempts and consents."""

from django.db.models import Q, QuerySet

from students.history import consenting_students
from students.models import Attempt

# Below this many real answers with consent the site counts as a demonstration, and simulated answers train too:
# a handful of visitors must not take the demonstration's model away.
REAL_ANSWERS = 1000


def answers() -> QuerySet[Attempt]:
    """The answers of students who consent, or whose school does; in a demonstration also the simulated ones.

    With what they count as now; those that are set aside are left out.
    """
    real = Q(is_simulated=False, student__in=consenting_students())
    enough_real = Attempt.objects.filter(real).order_by()[:REAL_ANSWERS].count() == REAL_ANSWERS
    return Attempt.objects.judged().filter(real if enough_real else real | Q(is_simulated=True))


def count(*, after: int = 0) -> int:
    """How many of them came after the attempt with the id `after`."""
    return answers().filter(pk__gt=after).count()
