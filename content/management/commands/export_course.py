"""`manage.py export_course SLUG FOLDER`: a course of the site as a native package, that import_course reads back."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from content import catalog
from content.formats import yincai_writing
from content.models import Course


class Command(BaseCommand):
    """Export a course."""

    help = "Write a course as a native package (a folder of YAML files)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the course's short name")
        parser.add_argument("folder", type=Path, help="a new or empty folder")

    def handle(self, *args: Any, slug: str, folder: Path, **options: Any) -> None:
        try:
            course = Course.objects.get(slug=slug)
        except Course.DoesNotExist:
            known = ", ".join(Course.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"there is no course {slug} (courses: {known})") from None
        files = yincai_writing.write(catalog.course_package(course))
        try:
            if folder.exists() and any(folder.iterdir()):
                raise CommandError(f"{folder} is not empty")
            for name, data in files.items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        except OSError as error:
            raise CommandError(f"{folder}: cannot be written: {error.strerror}") from None
        self.stdout.write(json.dumps({"course": slug, "files": len(files)}))
