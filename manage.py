#!/usr/bin/env python
"""Django's command line. Starts the embedded database and Redis where no others are named, or shares them."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from tutor import embedded

WITHOUT_SERVICES = {"help", "version", "--help", "--version", "makemessages", "compilemessages", "collectstatic"}


def main() -> None:
    """Run one management command; a bad setting or a database that cannot start is one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")
    try:
        if settings.EMBEDDED and not WITHOUT_SERVICES.intersection(sys.argv[1:2] or ["help"]):
            embedded.ensure(settings.DATA)
    except (ImproperlyConfigured, embedded.EmbeddedError) as problem:
        sys.exit(f"yincai: {problem}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
