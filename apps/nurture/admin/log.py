"""The log of mails: each as it was sent, and the decisions only a person may take."""

import email
import email.policy
import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.templatetags.staff import ago, dot
from apps.nurture import deciding
from apps.nurture.admin.framing import framed
from apps.nurture.models import Message

FIELD = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
State = Message.State
TONES = {
    State.SENT: "success",
    State.IN_DOUBT: "warning",
    State.FAILED: "danger",
    State.QUEUED: "accent",
    State.CLAIMED: "accent",
    State.HANDING: "accent",
}


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin[Message]):
    list_display = ("about", "status", "who", "sequence", "changed", "reason")
    list_filter = ("state", "enrolment__sequence")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    search_fields = ("contact__email__istartswith", "=message_id")
    search_help_text = "The beginning of an address, or a Message-ID"
    actions = ("mark_as_sent", "send_again")
    empty_value_display = ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Look for the first word alone: neither an address nor a Message-ID has a second."""
        return super().get_search_results(request, queryset, " ".join(search_term.split()[:1]))

    @admin.display(description="subject")
    def about(self, message: Message) -> str:
        return subject(message)

    @admin.display(description="state", ordering="state")
    def status(self, message: Message) -> SafeString:
        return state_dot(message)

    @admin.display(description="contact")
    def who(self, message: Message) -> SafeString:
        url = reverse("admin:contacts_contact_change", args=[message.contact_id])
        return format_html('<a href="{}">{}</a>', url, message.contact)

    @admin.display(description="sequence")
    def sequence(self, message: Message) -> str:
        return message.enrolment.sequence.name

    @admin.display(description="when", ordering="changed_at")
    def changed(self, message: Message) -> SafeString | str:
        return ago(message.changed_at)

    @admin.action(description="Mark as sent (in doubt only)", permissions=["change"])
    def mark_as_sent(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        now, by = timezone.now(), str(request.user)
        done = sum(deciding.mark_as_sent(message, now=now, by=by) for message in queryset)
        self.message_user(request, f"{_count(done)} marked as sent.")

    @admin.action(description="Send again (in doubt or failed only)", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        now, by = timezone.now(), str(request.user)
        again = [deciding.send_again(message, now=now, by=by) for message in queryset]
        self.message_user(request, f"{_count(sum(map(bool, again)))} queued once more.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows = Message.objects.select_related("contact", "step", "enrolment__sequence")
        return rows.defer("html", "text", "raw", "contact__profile", "step__body")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/html/", wrap(self.html), name="nurture_message_html"),
            path("<int:pk>/decide/", wrap(self.decide), name="nurture_message_decide"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the mail as it was sent; nothing of it can be changed."""
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "message": message,
            "state": state_dot(message),
            "headers": headers(message),
            "may_decide": self.has_change_permission(request, message),
            "undecided": message.resolved_at is None,
            "title": subject(message),
        }
        return render(request, "admin/nurture/message/mail.html", context)

    @staticmethod
    @framed
    def html(request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(get_object_or_404(Message, pk=pk).html)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one decision on a mail that failed or is in doubt."""
        message = get_object_or_404(Message, pk=pk)
        if request.method != "POST" or not self.has_change_permission(request, message):
            raise PermissionDenied
        now, by = timezone.now(), str(request.user)
        if request.POST.get("decision") == "sent":
            done = deciding.mark_as_sent(message, now=now, by=by)
            told = "Marked as sent."
        else:
            done = deciding.send_again(message, now=now, by=by) is not None
            told = "Queued once more: see the newest mail in the log."
        if done:
            messages.success(request, told)
        else:
            messages.warning(request, "Nothing was done: this mail is not in doubt any more.")
        return redirect("admin:nurture_message_change", pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False


def subject(message: Message) -> str:
    """Return the subject as it was written; before that, the step's with its fields left open."""
    return message.subject or FIELD.sub("…", message.step.subject)


def state_dot(message: Message) -> SafeString:
    return dot(message.get_state_display(), TONES.get(State(message.state), "quiet"))


def headers(message: Message) -> list[tuple[str, str]]:
    """Return the headers as they were sent, or none before that."""
    mail = email.message_from_string(message.raw, policy=email.policy.default)
    return [(name, str(value)) for name, value in mail.items()]


def _count(number: int) -> str:
    return "1 mail" if number == 1 else f"{number} mails"
