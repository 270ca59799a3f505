"""The WSGI application that the web server runs."""

import os
from contextlib import suppress

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")
application = get_wsgi_application()


def warm_up() -> None:
    """Load what the first students of a process would wait for: every page's code, and the maps of the courses."""
    from django.db import DatabaseError, connection
    from django.urls import get_resolver

    from content import catalog
    from content.grading import units
    from content.models import Course

    units.registry()
    get_resolver().url_patterns  # noqa: B018 (imported when it is first asked for)
    with suppress(DatabaseError):  # the site starts without its database too, and waits for it
        courses = Course.objects.filter(published=True).values_list("pk", "revision")
        for course_id, revision in courses[: catalog.COURSES_KEPT]:
            catalog.course_map(course_id, revision)
    connection.close()


warm_up()
