"""A teacher at the authoring pages: the form of an exercise as its page has it, changed and sent back."""

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from content.models import Course, Exercise


class _Fields(HTMLParser):
    """What a browser would send of the form `write`: its own fields, and those that name it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.inside = False
        self.area = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == "write"
        mine = (self.inside or given.get("form") == "write") and "name" in given
        if tag == "input" and mine:
            ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
            if ticked:
                self.sent.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "textarea" and mine:
            self.area = given["name"]
            self.sent.setdefault(self.area, []).append("")
        elif tag == "select" and mine:
            self.select = given["name"]
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.sent):
            self.sent[self.select] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.area:
            self.sent[self.area][-1] = self.sent[self.area][-1].removeprefix("\n").rstrip("\r")
            self.area = ""
        elif tag == "select":
            self.select = ""


@dataclass
class Desk:
    """The editor of one exercise, open in front of somebody."""

    client: Client
    course: Course
    exercise: Exercise
    page: str = ""

    def open(self) -> dict[str, list[str]]:
        """Open the page; what its form holds."""
        answer = self.client.get(self.address())
        assert answer.status_code == 200
        return self.fields(answer)

    def address(self, name: str = "author_exercise") -> str:
        """One of the addresses of the exercise."""
        return reverse(name, args=[self.course.pk, self.exercise.pk])

    def fields(self, answer: Any) -> dict[str, list[str]]:
        """What the form of a page holds."""
        self.page = answer.content.decode()
        reader = _Fields()
        reader.feed(self.page)
        return reader.sent

    def press(self, what: str, changes: dict[str, Any] | None = None, *, name: str = "author_exercise") -> Any:
        """Change fields of the page as it is now, and press a button of it."""
        return self.send(self.open() | (changes or {}) | {"do": what}, name=name)

    def send(self, fields: dict[str, Any], *, name: str = "author_exercise") -> Any:
        """Send fields to an address of the exercise."""
        return self.client.post(self.address(name), fields)


def desk(client: Client, course: Course) -> Desk:
    """A new exercise, open."""
    answer = client.post(reverse("author_new_exercise", args=[course.pk]))
    assert answer.status_code == 302
    made = Exercise.objects.filter(course=course).order_by("-pk")[0]
    return Desk(client=client, course=course, exercise=made)
