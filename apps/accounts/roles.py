"""What each role may do: a table that denies what it does not name."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from apps.accounts.models import User

MARKETER_APPS = frozenset({"contacts", "quizzes", "segments", "nurture", "leads", "insights"})
SALES_PERMISSIONS = frozenset({"leads.view_lead", "leads.change_lead"})


class RoleBackend(ModelBackend):
    """Passwords as Django checks them; permissions by `User.role`."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not user_obj.is_active:
            return False
        match user_obj.role:
            case User.Role.ADMIN:
                return True
            case User.Role.MARKETER:
                return perm.partition(".")[0] in MARKETER_APPS
            case User.Role.SALES:
                return perm in SALES_PERMISSIONS
            case _:
                return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not user_obj.is_active:
            return False
        if user_obj.role == User.Role.ADMIN:
            return True
        return user_obj.role == User.Role.MARKETER and app_label in MARKETER_APPS
