"""`manage.py export_course SLUG PATH`: a course of the site as files that import_course reads back."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from content import catalog, formats
from content.models import Course


class Command(BaseCommand):
    """Export a course."""

    help = "Write a course as a native package, or in another format that other systems read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the course's short name")
        parser.add_argument("path", type=Path, help="a new .zip, a new file, or a new or empty folder")
        parser.add_argument("--format", choices=sorted(formats.writable()), default="yincai", help="yincai if left out")

    def handle(self, *args: Any, slug: str, path: Path, **options: Any) -> None:
        try:
            course = Course.objects.get(slug=slug)
        except Course.DoesNotExist:
            known = ", ".join(Course.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"there is no course {slug} (courses: {known})") from None
        written = formats.writable()[options["format"]].write(catalog.course_package(course))
        for defect in written.defects:
            self.stdout.write(f"{defect.place}: {defect.problem}{' (dropped)' if defect.dropped else ''}")
        try:
            formats.save(written.files, path)
        except formats.CourseError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
        figures = {"course": slug, "files": len(written.files), "defects": len(written.defects)}
        self.stdout.write(json.dumps(figures))
