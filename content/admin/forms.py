"""What is checked before an edit in the administration is stored."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from content import graph, schema, variants
from content.admin.previews import template
from content.models import Concept, Exercise, Prerequisite
from content.wording import in_words


class AnswerForm(forms.ModelForm[Any]):
    """Checks the answer key of a step or a scaffold as an import would, a template's in its first variant."""

    def exercise(self) -> Exercise | None:
        """Whose key it is, where that is known yet."""
        step = self.cleaned_data.get("step") or (self.instance.step if self.instance.step_id else None)
        return step.exercise if step else None

    def clean_answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        if answer is None:
            return answer
        if not isinstance(answer, dict):
            raise ValidationError(_("An answer key is a mapping such as %(example)s."), params={"example": _EXAMPLE})
        exercise = self.exercise()
        try:
            values = variants.draw_values(template(exercise), 0) if exercise and exercise.variables else {}
            problems = schema.key_problems(variants.fill(answer, values))
        except variants.VariantProblem as problem:
            problems = list(problem.problems)
        if problems:
            raise ValidationError([ValidationError(in_words(problem)) for problem in problems])
        return answer


_EXAMPLE = '{"kind": "number", "value": "3/4"}'


class StepForm(AnswerForm):
    """A step's kind follows from its answer key."""

    def exercise(self) -> Exercise | None:
        return self.cleaned_data.get("exercise") or (self.instance.exercise if self.instance.exercise_id else None)

    def save(self, commit: bool = True) -> Any:
        self.instance.kind = self.instance.answer["kind"]
        return super().save(commit)


class PrerequisiteForm(forms.ModelForm[Prerequisite]):
    """Refuses prerequisites that run in a circle or leave the course."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        concept = cleaned.get("concept") or getattr(self.instance, "concept", None)
        requires = cleaned.get("requires")
        if concept is None or requires is None or concept.pk is None:
            return cleaned
        if concept.course_id != requires.course_id:
            raise ValidationError(_("Both concepts must belong to the same course."))
        edges = Prerequisite.objects.filter(concept__course=concept.course_id).exclude(pk=self.instance.pk)
        needs: dict[int, list[int]] = {concept.pk: [requires.pk]}
        for one, needed in edges.values_list("concept", "requires"):
            needs.setdefault(one, []).append(needed)
        if cycle := graph.find_cycle(needs):
            titles = dict(Concept.objects.filter(pk__in=cycle).values_list("pk", "title"))
            path = " → ".join(titles[pk] for pk in cycle)
            raise ValidationError(_("Prerequisites in a circle: %(path)s"), params={"path": path})
        return cleaned
