from django.db import migrations
from django.db.models import Prefetch

PORTION = 500


def keep_what_there_is(apps, schema_editor):
    """Exercises from before versions were kept get one of what they are now."""
    Exercise, Step, Concept, Hint, WrongAnswer, Version = (
        apps.get_model('content', name)
        for name in ('Exercise', 'Step', 'Concept', 'Hint', 'WrongAnswer', 'ExerciseVersion')
    )
    steps = Step.objects.filter(retired=False).order_by('position', 'pk').prefetch_related(
        Prefetch('concepts', Concept.objects.filter(retired=False).order_by('position', 'pk')),
        Prefetch('hints', Hint.objects.order_by('position')),
        Prefetch('wrong_answers', WrongAnswer.objects.order_by('position', 'pk').select_related('misconception')),
    )
    rows = Exercise.objects.filter(published=True, versions=None).prefetch_related(Prefetch('steps', steps))
    while portion := list(rows.order_by('pk')[:PORTION]):
        Version.objects.bulk_create(
            Version(exercise_id=row.pk, number=row.revision, content=exercise_content(row)) for row in portion
        )


def exercise_content(row):
    names = ('key', 'title', 'prompt', 'lesson', 'licence', 'attribution', 'tags', 'variables')
    return filled(row, names) | {'steps': [step_content(step) for step in row.steps.all()]}


def step_content(row):
    return filled(row, ('key', 'answer', 'prompt', 'solution')) | {
        'concepts': [concept.key for concept in row.concepts.all()],
        'hints': [filled(hint, ('key', 'kind', 'title', 'text', 'answer')) for hint in row.hints.all()],
        'wrong_answers': [
            filled(wrong, ('response', 'feedback'))
            | ({'misconception': wrong.misconception.key} if wrong.misconception else {})
            for wrong in row.wrong_answers.all()
        ],
    }


def filled(row, names):
    return {name: getattr(row, name) for name in names if getattr(row, name) not in ('', None, [], {})}


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0004_exercises_in_order'),
    ]

    operations = [
        migrations.RunPython(keep_what_there_is, migrations.RunPython.noop),
    ]
