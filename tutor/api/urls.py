"""Addresses of the JSON interface, and of its OpenAPI description."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from tutor.api import views

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("v1/token/", views.TokenView.as_view(), name="token"),
    path("v1/courses/", views.CoursesView.as_view(), name="courses"),
    path("v1/courses/<slug:slug>/turn/", views.CurrentTurnView.as_view(), name="current"),
    path("v1/courses/<slug:slug>/next/", views.NextTurnView.as_view(), name="next"),
    path("v1/courses/<slug:slug>/progress/", views.ProgressView.as_view(), name="progress"),
    path("v1/turns/<uuid:token>/", views.TurnView.as_view(), name="turn"),
    path("v1/turns/<uuid:token>/answer/", views.AnswerView.as_view(), name="answer"),
    path("v1/turns/<uuid:token>/hint/", views.HintView.as_view(), name="hint"),
    path("v1/turns/<uuid:token>/scaffold/", views.ScaffoldView.as_view(), name="scaffold"),
    path("v1/turns/<uuid:token>/give-up/", views.GiveUpView.as_view(), name="give-up"),
    path("v1/turns/<uuid:token>/skip/", views.SkipView.as_view(), name="skip"),
]
