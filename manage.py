#!/usr/bin/env python
"""Django's command line. Starts the embedded database and Redis when nothing else is named, or shares them."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
