"""The JSON interface: the same acts as the pages, for other programs. One call inward each."""

from tutor.api.urls import app_name, urlpatterns

__all__ = ["app_name", "urlpatterns"]
