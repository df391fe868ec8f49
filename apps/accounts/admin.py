"""Staff users in the admin: only the role admin may come here (apps/accounts/roles.py)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.accounts.templatetags.staff import ago

admin.site.unregister(Group)  # a role says all there is to say


class StaffCreationForm(BaseUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role")


class StaffChangeForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role", "is_active")


@admin.register(User)
class StaffAdmin(UserAdmin[User]):
    """Add, change and switch off the people who work here; nobody is deleted, so that the
    records of who changed what keep their names."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    add_form_template = None
    list_display = ("email", "name", "role", "is_active", "signed_in")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "role", "is_active")}),
        ("Times", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "role", "password1", "password2")}),)

    @admin.display(description="last signed in", ordering="last_login")
    def signed_in(self, user: User) -> SafeString | str:
        return ago(user.last_login)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep people from locking themselves out: role and access are another admin's to take."""
        own = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
