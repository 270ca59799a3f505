"""Addresses of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from tutor.views import account, figures, health, home, practice, progress, styleguide, teaching

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("courses/<slug:slug>/next/", practice.next_exercise, name="next"),
    path("courses/<slug:slug>/finished/", practice.finished, name="finished"),
    path("practice/<uuid:token>/", practice.practice, name="practice"),
    path("practice/<uuid:token>/answer/", practice.answer, name="answer"),
    path("practice/<uuid:token>/hint/", practice.hint, name="hint"),
    path("practice/<uuid:token>/scaffold/", practice.scaffold, name="scaffold"),
    path("practice/<uuid:token>/solution/", practice.give_up, name="give_up"),
    path("practice/<uuid:token>/later/", practice.skip, name="skip"),
    path("practice/<uuid:token>/read-as/", practice.read_as, name="read_as"),
    path("progress/", progress.courses, name="progress"),
    path("progress/<slug:slug>/", progress.course, name="course_progress"),
    path("progress/<slug:slug>/<int:concept_id>/", progress.concept, name="concept_progress"),
    path("preferences/", account.preferences, name="preferences"),
    path("language/", account.language, name="language"),
    path("join/", account.join, name="join"),
    path("classes/", teaching.classes, name="classes"),
    path("classes/<int:classroom_id>/", teaching.classroom, name="classroom"),
    path("classes/<int:classroom_id>/students/<int:student_id>/", teaching.student, name="class_student"),
    path("classes/<int:classroom_id>/concepts/<int:concept_id>/", teaching.concept, name="class_concept"),
    path("figures/<int:course_id>/<path:name>", figures.figure, name="figure"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("styleguide/practice/<slug:state>/", styleguide.practice_state, name="styleguide_practice"),
    path("accounts/", include("allauth.account.urls")),
    path("api/", include("tutor.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("yardstick/", health.yardstick, name="yardstick"),
]
