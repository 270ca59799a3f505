"""Forms."""

from django import forms


class SignupForm(forms.Form):
    """What sign-up asks beyond allauth's own fields."""

    def signup(self, request: object, user: object) -> None:
        """Called by allauth when the account exists."""
