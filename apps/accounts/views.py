"""Signing in and out, and changing one's password."""

from typing import Any

from axes.helpers import get_cool_off
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import User
from apps.accounts.navigation import front_page


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This email and password do not go together. Check both and try again.",
        "inactive": "This account is switched off. Ask an admin to switch it on.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.attrs |= {"inputmode": "email"}

    def clean_username(self) -> str:
        """Take the address in the form users are stored and locked out under."""
        return str(self.cleaned_data["username"]).strip().lower()


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        return front_page(user) if isinstance(user, User) else super().get_default_redirect_url()


class PasswordChange(PasswordChangeView):
    template_name = "accounts/password.html"
    form_class = PasswordChangeForm

    def get_success_url(self) -> str:
        assert isinstance(self.request.user, User)
        return front_page(self.request.user)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(
            self.request, "Your password is changed. Your other devices are signed out."
        )
        return answer


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Answer one failed attempt too many (settings.AXES_LOCKOUT_CALLABLE)."""
    cool_off = get_cool_off(request)
    minutes = int(cool_off.total_seconds() // 60) if cool_off else 60
    return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
