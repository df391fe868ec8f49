"""Writing sequences: their trigger, their steps, and what each mail looks like."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.templatetags.staff import ago, dot
from apps.contacts.models import Contact
from apps.nurture import composing, templating
from apps.nurture.admin.framing import framed
from apps.nurture.forms import SequenceForm, StepForm, StepFormSet
from apps.nurture.models import Enrolment, Sequence, Step, Suppression

TONES = {Sequence.Status.LIVE: "success", Sequence.Status.PAUSED: "warning"}
ENROLMENT_TONES = {Enrolment.State.ACTIVE: "accent", Enrolment.State.FINISHED: "success"}


class StepInline(admin.StackedInline[Step, Sequence]):
    model = Step
    form = StepForm
    formset = StepFormSet
    fields = (("position", "kind"), "subject", "body", "wait")
    ordering = ("position",)
    classes = ("steps",)

    def get_extra(self, request: HttpRequest, obj: Sequence | None = None, **kwargs: Any) -> int:
        return 0 if obj and obj.steps.exists() else 1


@admin.register(Sequence)
class SequenceAdmin(admin.ModelAdmin[Sequence]):
    form = SequenceForm
    inlines = (StepInline,)
    list_display = ("name", "state", "segment", "lane", "mails", "active", "finished")
    list_filter = ("status",)
    search_fields = ("name",)
    list_select_related = ("segment",)
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "slug"), "status")}),
        ("Who", {"fields": ("segment", "on_leave", ("re_entry", "cooldown"))}),
        ("Beside others", {"fields": (("lane", "priority"),)}),
    )

    class Media:
        css = {"all": ("css/nurture.css",)}

    @admin.display(description="status", ordering="status")
    def state(self, sequence: Sequence) -> SafeString:
        tone = TONES.get(Sequence.Status(sequence.status), "quiet")
        return dot(sequence.get_status_display(), tone)

    @admin.display(description="e-mails")
    def mails(self, sequence: Any) -> int:
        return int(sequence.mail_count)

    @admin.display(description="on their way")
    def active(self, sequence: Any) -> int:
        return int(sequence.active_count)

    @admin.display(description="finished")
    def finished(self, sequence: Any) -> int:
        return int(sequence.finished_count)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sequence]:
        state = Enrolment.State
        return Sequence.objects.annotate(
            mail_count=Count("steps", filter=Q(steps__kind="email"), distinct=True),
            active_count=Count(
                "enrolments", filter=Q(enrolments__state=state.ACTIVE), distinct=True
            ),
            finished_count=Count(
                "enrolments", filter=Q(enrolments__state=state.FINISHED), distinct=True
            ),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/preview/", wrap(self.preview), name="nurture_sequence_preview"),
            path("step/<int:pk>/html/", wrap(self.step_html), name="nurture_step_html"),
        ]
        return [*own, *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what each mail of the sequence says to a member, or to somebody made up."""
        sequence = get_object_or_404(Sequence.objects.prefetch_related("steps"), pk=pk)
        reader = reader_of(sequence)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "sequence": sequence,
            "mails": [
                (step, subject_for(step, reader))
                for step in sequence.steps.all()
                if step.kind == Step.Kind.EMAIL
            ],
            "title": f"What {sequence} sends",
            "reader": reader,
        }
        return render(request, "admin/nurture/sequence/preview.html", context)

    @staticmethod
    @framed
    def step_html(request: HttpRequest, pk: int) -> HttpResponse:
        step = get_object_or_404(Step.objects.select_related("sequence"), pk=pk)
        reader = reader_of(step.sequence)
        try:
            content = composing.write(step, reader, unsubscribe="https://example.com/")
        except templating.TemplateError as error:
            return HttpResponse(str(error), content_type="text/plain; charset=utf-8")
        return HttpResponse(content.html)


def subject_for(step: Step, reader: Contact) -> str:
    """Return the subject as the reader sees it, or as it is written where it is at fault."""
    try:
        return composing.write(step, reader, unsubscribe="").subject
    except templating.TemplateError:
        return step.subject


def reader_of(sequence: Sequence) -> Contact:
    """Return the newest member of the segment, else a contact that is not there, for previews."""
    newest = sequence.segment.memberships.select_related("contact").order_by("-pk").first()
    if newest:
        return newest.contact
    return Contact(first_name="Ada", last_name="Byron", email="ada@example.com")


@admin.register(Enrolment)
class EnrolmentAdmin(admin.ModelAdmin[Enrolment]):
    """Read only: enrolments follow from segments and sequences."""

    list_display = ("who", "sequence", "status", "began", "next_due", "reason")
    list_display_links = None
    list_filter = ("state", "sequence")
    list_select_related = ("sequence", "contact")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    search_fields = ("contact__email__istartswith",)
    search_help_text = "The beginning of an address"
    empty_value_display = ""

    @admin.display(description="contact")
    def who(self, enrolment: Enrolment) -> SafeString:
        url = reverse("admin:contacts_contact_change", args=[enrolment.contact_id])
        return format_html('<a href="{}">{}</a>', url, enrolment.contact)

    @admin.display(description="state", ordering="state")
    def status(self, enrolment: Enrolment) -> SafeString:
        tone = ENROLMENT_TONES.get(Enrolment.State(enrolment.state), "quiet")
        return dot(enrolment.get_state_display(), tone)

    @admin.display(description="began", ordering="started_at")
    def began(self, enrolment: Enrolment) -> SafeString | str:
        return ago(enrolment.started_at)

    @admin.display(description="next step", ordering="due_at")
    def next_due(self, enrolment: Enrolment) -> SafeString | str:
        return ago(enrolment.due_at) if enrolment.due_at else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Enrolment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Enrolment | None = None) -> bool:
        return False


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin[Suppression]):
    list_display = ("address", "reason", "since")
    search_fields = ("address__istartswith",)
    fields = ("address", "reason")
    ordering = ("-id",)

    @admin.display(description="since", ordering="at")
    def since(self, suppression: Suppression) -> SafeString | str:
        return ago(suppression.at)
