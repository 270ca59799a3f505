"""The shapes of the JSON interface. They show what a TurnView holds: never a key or a solution before its time."""

from typing import Any, ClassVar

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from content.grading import Input
from content.models import Course


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "description": "Text, or ids"}
)
class ResponseField(serializers.Field[Any, Any, Any, Any]):
    """A text (also the id of one choice), or a list: ids, or one text for every input."""

    default_error_messages: ClassVar = {"shape": "A text, or a list of texts."}

    def to_internal_value(self, data: object) -> str | list[str]:
        """The response as content/grading takes it."""
        if isinstance(data, str):
            return data
        if isinstance(data, list) and all(isinstance(item, str) for item in data):
            return data
        self.fail("shape")

    def to_representation(self, value: Any) -> Any:
        """As it came."""
        return value


class Shape(serializers.Serializer[Any]):
    """A shape that is only shown or only read, never saved."""


class CourseShape(serializers.ModelSerializer[Course]):
    """A course that can be practised."""

    class Meta:
        model = Course
        fields = ("slug", "title", "language", "description", "licence", "attribution")


class ChangeShape(Shape):
    """How the estimate of a concept moved."""

    concept_id = serializers.IntegerField()
    title = serializers.CharField()
    before = serializers.FloatField()
    after = serializers.FloatField()
    direction = serializers.CharField()


class FeedbackShape(Shape):
    """What is said about an answer, in the reader's language."""

    correct = serializers.BooleanField()
    score = serializers.FloatField()
    reason = serializers.CharField()
    headline = serializers.CharField()
    read_as = serializers.CharField()
    right_part = serializers.CharField()
    wrong_part = serializers.CharField()
    said = serializers.CharField()
    misconception_title = serializers.CharField()
    misconception_text = serializers.CharField()
    offer = serializers.CharField()
    offer_text = serializers.CharField()
    wrong_places = serializers.ListField(child=serializers.IntegerField(), help_text="Counted from 1")
    changes = ChangeShape(many=True)


class WordField(serializers.CharField):
    """A text of the program that is marked for translation, in the reader's language."""

    def to_representation(self, value: str) -> str:
        """The translation."""
        return gettext(value) if value else ""


class OptionShape(Shape):
    """Something to choose: Markdown, or a word of the site."""

    id = serializers.CharField()
    text = serializers.CharField()
    word = WordField()


class InputShape(Shape):
    """One thing to fill in; its text is at `place` of the response, where that is a list."""

    widget = serializers.CharField()
    place = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    options = OptionShape(many=True)
    unit = serializers.CharField()
    size = serializers.IntegerField()


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class CellField(serializers.Field[Any, Any, Any, Any]):
    """A cell: the place of its input, or the Markdown that is shown."""

    def to_representation(self, value: str | Input) -> str | int:
        """A number for an input."""
        return value if isinstance(value, str) else value.place


class RowShape(Shape):
    """A row of a table."""

    header = serializers.CharField()
    cells = serializers.ListField(child=CellField())


class AnswerFieldShape(Shape):
    """What to answer with. `text` has [[1]] where its first input stands; a number in `rows` is an input's place."""

    label = WordField()  # type: ignore[assignment]
    layout = serializers.CharField()
    inputs = InputShape(many=True)
    is_list = serializers.BooleanField(help_text="Whether the response is a list of texts")
    text = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = RowShape(many=True)


class ScaffoldShape(Shape):
    """A smaller question; `correct` is null while it waits."""

    kind = serializers.CharField()
    field = AnswerFieldShape()
    correct = serializers.BooleanField(allow_null=True)
    response = ResponseField(allow_null=True)
    feedback = FeedbackShape(allow_null=True)


class HintShape(Shape):
    """A hint that has been shown."""

    key = serializers.CharField()
    number = serializers.IntegerField()
    total = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField()
    scaffold = ScaffoldShape(allow_null=True)


class StepShape(Shape):
    """One step; solution and right answer are empty until it is done."""

    key = serializers.CharField()
    number = serializers.IntegerField()
    prompt = serializers.CharField()
    state = serializers.CharField()
    kind = serializers.CharField()
    field = AnswerFieldShape(allow_null=True)
    hints = HintShape(many=True)
    hints_total = serializers.IntegerField()
    tries = serializers.IntegerField()
    gave_up = serializers.BooleanField()
    response = ResponseField(allow_null=True)
    feedback = FeedbackShape(allow_null=True)
    solution = serializers.CharField()
    right_answer = serializers.CharField()


class ReasonShape(Shape):
    """Why this exercise."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class ResourceShape(Shape):
    """Something to learn a concept from: a text, or an address elsewhere."""

    title = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    minutes = serializers.IntegerField(allow_null=True)
    licence = serializers.CharField()
    attribution = serializers.CharField()


class TurnShape(Shape):
    """One exercise for one student. Texts are Markdown with LaTeX between dollar signs."""

    token = serializers.UUIDField()
    state = serializers.CharField()
    course = serializers.CharField(source="course_slug")
    language = serializers.CharField()
    concept_id = serializers.IntegerField()
    concept_title = serializers.CharField()
    title = serializers.CharField()
    prompt = serializers.CharField()
    licence = serializers.CharField()
    attribution = serializers.CharField()
    strategy = serializers.CharField()
    example = serializers.CharField()
    reason = ReasonShape()
    resources = ResourceShape(many=True, help_text="On what the step in hand is about; one or two")
    steps = StepShape(many=True)
    current_step = serializers.CharField(source="current.key", default=None, allow_null=True)
    can_skip = serializers.BooleanField()
    figures = serializers.DictField(child=serializers.CharField(), help_text="Addresses by the name in the texts")


class NextShape(Shape):
    """A turn, or none because the course is finished."""

    finished = serializers.BooleanField()
    turn = TurnShape(allow_null=True)


class OutcomeShape(Shape):
    """What came of an act."""

    feedback = FeedbackShape(allow_null=True)
    repeated = serializers.BooleanField(help_text="This submission had come before; it counted once")
    counted = serializers.BooleanField(help_text="Not so where it is right, but in another form than is asked for")
    turn = TurnShape(source="view")


class EstimateShape(Shape):
    """What is believed about one concept: a value with its 80 % interval, and what it rests on."""

    concept_id = serializers.IntegerField()
    concept = serializers.CharField()
    standing = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    mastered = serializers.BooleanField()
    tries = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)


class TokenRequest(Shape):
    """A sign-in."""

    username = serializers.CharField(help_text="User name or e-mail address")
    password = serializers.CharField(write_only=True, trim_whitespace=False)


class TokenShape(Shape):
    """Send it as `Authorization: Token …`."""

    token = serializers.CharField()


class AnswerRequest(Shape):
    """An answer to the step in hand. The same submission_id sent again counts once."""

    step = serializers.CharField()
    response = ResponseField()
    submission_id = serializers.UUIDField()


class HintRequest(Shape):
    """The next hint after those that have been shown."""

    step = serializers.CharField()
    after = serializers.IntegerField(min_value=0, help_text="How many hints of the step have been shown")


class ScaffoldRequest(Shape):
    """An answer to a scaffold that has been shown."""

    step = serializers.CharField()
    hint = serializers.CharField()
    response = ResponseField()


class StepRequest(Shape):
    """Names the step in hand."""

    step = serializers.CharField()


class ProblemShape(Shape):
    """What went wrong, in words."""

    detail = serializers.CharField()


class UnreadableShape(ProblemShape):
    """An answer that could not be read, and was not counted."""

    code = serializers.CharField()
    part = serializers.CharField()
    position = serializers.IntegerField()
    place = serializers.IntegerField(help_text="Which of several texts, counted from 1; 0 for the only one")


class MovedShape(ProblemShape):
    """The step is no longer the one in hand; the turn as it stands."""

    turn = TurnShape()
