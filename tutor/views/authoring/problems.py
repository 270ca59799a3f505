"""What content/schema and content/variants find wrong, in the words of the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Problems are a fixed phrase, or one followed by a colon and what it is about.
PHRASES = {
    "nothing is asked": gettext_lazy("nothing is asked: there is no prompt"),
    "its own answer is graded wrong": gettext_lazy("its own answer is graded wrong"),
    "its own answer cannot be read": gettext_lazy("its own answer cannot be read"),
    "no right answer in it": gettext_lazy("there is no right answer yet"),
    "it practises no concept": gettext_lazy("choose the concept that it practises"),
    "no steps": gettext_lazy("there is no step yet"),
    "no feedback": gettext_lazy("say what the student is told"),
    "it is empty": gettext_lazy("it is empty"),
    "a scaffold without an answer": gettext_lazy("a smaller question needs an answer"),
    "LaTeX that cannot be shown": gettext_lazy("LaTeX that cannot be shown"),
    "value": gettext_lazy("right answer"),
    "one choice only": gettext_lazy("there is one choice only"),
}


def problem_words(problem: str) -> str:
    """A problem in words; what it is about stays as the author typed it."""
    phrase, colon, about = problem.partition(": ")
    if phrase not in PHRASES:
        return problem
    words = str(PHRASES[phrase])
    return (
        _("%(problem)s: %(about)s") % {"problem": words, "about": about}
        if colon and phrase != "nothing is asked"
        else words
    )
