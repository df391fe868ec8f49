"""The tokens of the API, for admins: who has which, when each was used, and ending one."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.templatetags.staff import ago
from apps.integrations import tokens
from apps.integrations.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens are made with `manage.py api_token`, which shows each one once."""

    list_display = ("hint", "user", "may", "created", "used", "works")
    list_display_links = None
    list_filter = ("user",)
    list_select_related = ("user",)
    ordering = ("-created_at",)
    actions = ("revoke",)

    @admin.display(description="scopes")
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="made", ordering="created_at")
    def created(self, token: ApiToken) -> SafeString | str:
        return ago(token.created_at)

    @admin.display(description="last used", ordering="last_used_at")
    def used(self, token: ApiToken) -> SafeString | str:
        return ago(token.last_used_at)

    @admin.display(description="works", boolean=True)
    def works(self, token: ApiToken) -> bool:
        return not token.is_revoked and tokens.may_have_one(token.user)

    @admin.action(description="Revoke: these tokens end to work at once", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        now = timezone.now()
        ended = sum(tokens.revoke(token, now=now) for token in queryset)
        self.message_user(request, f"{ended} revoked.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False
