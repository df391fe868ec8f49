"""Writing quizzes in the admin, proving and publishing them, and reading responses."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.accounts.templatetags.staff import ago, dot
from apps.quizzes import ordering, publishing
from apps.quizzes.forms import (
    ChoiceForm,
    QuestionForm,
    QuizForm,
    ReceiptForm,
    ScaleForm,
    TabularFormSet,
    TierForm,
    TierFormSet,
    choice_form,
    question_form,
)
from apps.quizzes.models import Choice, Question, Quiz, Response, Scale, Tier
from apps.quizzes.panels import proof_panel, receipt_panel

NOTHING = "\u2013"  # a dash
TONES = {Quiz.Status.DRAFT: "quiet", Quiz.Status.OPEN: "success", Quiz.Status.CLOSED: "warning"}
BY_KIND: dict[str, tuple[str, ...]] = {
    Question.Kind.SEVERAL: ("least", "most"),
    Question.Kind.SCALE: ("minimum", "maximum", "step", "low_label", "high_label", "reversed"),
    Question.Kind.NUMBER: ("minimum", "maximum", "step", "unit", "reversed"),
    Question.Kind.YES_NO: ("reversed",),
    Question.Kind.CONTACT: (
        "ask_first_name",
        "ask_last_name",
        "ask_email",
        "ask_phone",
        "ask_country",
        "consent_wording",
        "consent_required",
    ),
}
WEIGHED = {Question.Kind.SCALE, Question.Kind.NUMBER, Question.Kind.YES_NO}
PICKED = {Question.Kind.SINGLE, Question.Kind.SEVERAL}
Fieldsets = list[tuple[str | None, dict[str, Any]]]


class ScaleInline(admin.TabularInline[Scale, Quiz]):
    model = Scale
    form = ScaleForm
    formset = TabularFormSet
    fields = ("label", "key", "position")
    extra = 0


class TierInline(admin.StackedInline[Tier, Quiz]):
    model = Tier
    form = TierForm
    formset = TierFormSet
    extra = 0

    def get_fieldsets(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        outcomes = obj is not None and obj.scoring == Quiz.Scoring.OUTCOMES
        return [
            (
                None,
                {"fields": (("label", "scale" if outcomes else "starts_at"), ("key", "position"))},
            ),
            ("Result page", {"fields": ("headline", "body", ("button_label", "button_url"))}),
            ("Override", {"classes": ("collapse",), "fields": ("override", "override_only")}),
        ]

    def get_formset(self, request: HttpRequest, obj: Quiz | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        scale = formset.form.base_fields.get("scale")
        if obj is not None and isinstance(scale, ModelChoiceField):
            scale.queryset = obj.scales.all()
        return formset


@admin.register(Quiz)
class QuizAdmin(admin.ModelAdmin[Quiz]):
    form = QuizForm
    change_form_template = "admin/quizzes/quiz/change_form.html"
    list_display = ("title", "state", "version_count", "response_count", "address", "edited")
    list_display_links = ("title",)
    search_fields = ("title", "slug")
    view_on_site = False  # the page says where, and whether it is open

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quiz]:
        counted: QuerySet[Quiz] = Quiz.objects.annotate(
            versions_made=Count("versions", distinct=True),
            responses_begun=Count("versions__responses", distinct=True),
        )
        return counted

    @admin.display(description="status", ordering="status")
    def state(self, quiz: Quiz) -> SafeString:
        return dot(quiz.get_status_display(), TONES[Quiz.Status(quiz.status)])

    @admin.display(description="versions", ordering="versions_made")
    def version_count(self, quiz: Quiz) -> int:
        return int(getattr(quiz, "versions_made", 0))

    @admin.display(description="responses", ordering="responses_begun")
    def response_count(self, quiz: Quiz) -> int:
        return int(getattr(quiz, "responses_begun", 0))

    @admin.display(description="address")
    def address(self, quiz: Quiz) -> SafeString | str:
        if quiz.status != Quiz.Status.OPEN:
            return NOTHING
        url = quiz.get_absolute_url()
        return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, url)

    @admin.display(description="edited", ordering="updated_at")
    def edited(self, quiz: Quiz) -> SafeString | str:
        return ago(quiz.updated_at)

    def get_fieldsets(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        about = ("title", "slug", "intro", ("start_label", "scoring"))
        first: Fieldsets = [(None, {"fields": about if obj is None else ("status", *about)})]
        return first

    def get_readonly_fields(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        return ("slug",) if obj is not None and obj.versions.exists() else ()

    def get_inlines(self, request: HttpRequest, obj: Quiz | None) -> Any:
        return [] if obj is None else [ScaleInline, TierInline]

    def save_model(self, request: HttpRequest, obj: Quiz, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change and obj.scoring == Quiz.Scoring.TIERS:
            Scale.objects.create(quiz=obj, key="score", label="Score")

    def response_add(
        self, request: HttpRequest, obj: Quiz, post_url_continue: str | None = None
    ) -> Any:
        """Go on to the questions: a new quiz has none."""
        messages.success(request, f"“{obj}” is begun. Add its questions and tiers here.")
        return redirect("admin:quizzes_quiz_change", obj.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        quiz = self.get_object(request, object_id)
        panel = proof_panel(quiz) if quiz else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **panel})

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(require_POST(self.publish_view))
        move = self.admin_site.admin_view(require_POST(self.move_view))
        own = [
            path("<int:pk>/publish/", publish, name="quizzes_quiz_publish"),
            path("<int:pk>/move/<int:question>/", move, name="quizzes_quiz_move"),
        ]
        return [*own, *super().get_urls()]

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish the draft as it is saved, or say what is in the way."""
        quiz = self._changeable(request, pk)
        assert isinstance(request.user, User)
        try:
            version = publishing.publish(quiz, by=request.user, now=timezone.now())
        except publishing.PublishError as error:
            count = len(error.problems)
            noun = "error is" if count == 1 else "errors are"
            messages.error(request, f"Not published: {count} {noun} in the way, listed below.")
        else:
            text = f"Version {version.number} is published. New respondents take it from now on;"
            messages.success(request, f"{text} whoever has begun stays on the version they began.")
            self.log_change(request, quiz, f"Published version {version.number}.")
        return redirect("admin:quizzes_quiz_change", pk)

    def move_view(self, request: HttpRequest, pk: int, question: int) -> HttpResponse:
        """Ask a question one place earlier or later."""
        quiz = self._changeable(request, pk)
        moved = get_object_or_404(quiz.questions, pk=question)
        ordering.move(moved, by=-1 if request.POST.get("to") == "up" else 1)
        return redirect(reverse("admin:quizzes_quiz_change", args=[pk]) + "#questions")

    def _changeable(self, request: HttpRequest, pk: int) -> Quiz:
        quiz = get_object_or_404(Quiz, pk=pk)
        if not self.has_change_permission(request, quiz):
            raise PermissionDenied
        return quiz


class ChoiceInline(admin.TabularInline[Choice, Question]):
    model = Choice
    form = ChoiceForm
    formset = TabularFormSet
    fk_name = "question"

    def get_extra(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> int:
        return 1 if obj is not None and obj.choices.exists() else 4

    def get_queryset(self, request: HttpRequest) -> QuerySet[Choice]:
        return super().get_queryset(request).prefetch_related("points")

    def get_formset(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> Any:
        assert obj is not None
        return super().get_formset(request, obj, **{**kwargs, "form": choice_form(obj)})

    def get_fields(self, request: HttpRequest, obj: Question | None = None) -> Any:
        assert obj is not None
        own = [
            name for name in choice_form(obj).base_fields if name.startswith(("points_", "jump"))
        ]
        return ["label", *own, "key", "position"]


@admin.register(Question)
class QuestionAdmin(admin.ModelAdmin[Question]):
    form = QuestionForm
    change_form_template = "admin/quizzes/question/change_form.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # questions are reached through their quiz

    def get_form(
        self,
        request: HttpRequest,
        obj: Question | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        scales = tuple(obj.quiz.scales.all()) if obj and obj.kind in WEIGHED else ()
        return super().get_form(request, obj, change, **{**kwargs, "form": question_form(scales)})

    def get_fieldsets(self, request: HttpRequest, obj: Question | None = None) -> Any:
        about = ("kind", "title", "help", "required")
        if obj is None:
            return [(None, {"fields": about})]
        found: Fieldsets = [(None, {"fields": (*about, "key")})]
        own = BY_KIND.get(obj.kind, ())
        if obj.kind in WEIGHED:
            own += tuple(f"weight_{scale.pk}" for scale in obj.quiz.scales.all())
        if own:
            found.append((obj.get_kind_display(), {"fields": own}))
        return found

    def get_inlines(self, request: HttpRequest, obj: Question | None) -> Any:
        return [ChoiceInline] if obj is not None and obj.kind in PICKED else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        quiz = self._quiz(request)
        title = f"Add a question to “{quiz}”"
        context = {**(extra_context or {}), "quiz": quiz, "title": title}
        return super().add_view(request, form_url, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        question = self.get_object(request, object_id)
        context = {**(extra_context or {}), "quiz": question.quiz if question else None}
        response = super().change_view(request, object_id, form_url, context)
        saved = response.status_code == HTTPStatus.FOUND
        if question and saved and request.POST.get("kind", question.kind) != question.kind:
            return redirect("admin:quizzes_question_change", question.pk)  # another form now
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        question = self.get_object(request, object_id)
        context = {**(extra_context or {}), "quiz": question.quiz if question else None}
        response = super().delete_view(request, object_id, context)
        deleted = question is not None and response.status_code == HTTPStatus.FOUND
        return self._back_to(question.quiz_id) if question and deleted else response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:quizzes_quiz_changelist")

    def save_model(self, request: HttpRequest, obj: Question, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.quiz = self._quiz(request)
            obj.position = ordering.last_position(obj.quiz) + 10
            if obj.kind == Question.Kind.SCALE:  # what most scales are; the next page changes it
                obj.minimum, obj.maximum = 1, 5
        super().save_model(request, obj, form, change)
        form.save_weights()

    def response_add(
        self, request: HttpRequest, obj: Question, post_url_continue: str | None = None
    ) -> Any:
        """Go on to what only this kind of question has: its choices, its limits."""
        return redirect("admin:quizzes_question_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: Question) -> Any:
        if "_addanother" in request.POST:
            return redirect(_add_url(obj.quiz))
        if "_continue" in request.POST:
            return super().response_change(request, obj)
        return self._back_to(obj.quiz_id)

    def _back_to(self, quiz_id: int) -> HttpResponse:
        return redirect(reverse("admin:quizzes_quiz_change", args=[quiz_id]) + "#questions")

    def _quiz(self, request: HttpRequest) -> Quiz:
        wanted = request.GET.get("quiz", "")
        return get_object_or_404(
            Quiz, pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
        )


def _add_url(quiz: Quiz) -> str:
    return f"{reverse('admin:quizzes_question_add')}?quiz={quiz.pk}"


@admin.register(Response)
class ResponseAdmin(admin.ModelAdmin[Response]):
    """Responses are read, never written here."""

    change_form_template = "admin/quizzes/response/change_form.html"
    list_display = ("begun", "quiz", "who", "state", "tier_label", "shown_score")
    list_filter = ("version__quiz", "tier_label", "finished_at")
    list_select_related = ("version__quiz", "contact")
    date_hierarchy = "started_at"
    form = ReceiptForm
    fields = (("begun", "quiz", "who"), ("state", "tier_label", "shown_score"), "came_with")
    readonly_fields = (
        *("begun", "quiz", "who", "state", "tier_label", "shown_score", "came_with"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        return super().get_queryset(request).defer("version__definition")

    @admin.display(description="started", ordering="started_at")
    def begun(self, response: Response) -> SafeString | str:
        return ago(response.started_at)

    @admin.display(description="quiz", ordering="version__quiz__title")
    def quiz(self, response: Response) -> str:
        return str(response.version)

    @admin.display(description="contact")
    def who(self, response: Response) -> SafeString | str:
        if response.contact is None:
            return NOTHING
        url = reverse("admin:contacts_contact_change", args=[response.contact.pk])
        return format_html('<a href="{}">{}</a>', url, response.contact)

    @admin.display(description="status", ordering="finished_at")
    def state(self, response: Response) -> SafeString:
        return dot("Finished", "success") if response.is_finished else dot("Under way")

    @admin.display(description="came with")
    def came_with(self, response: Response) -> str:
        pairs = (f"{name}: {value}" for name, value in response.hidden.items())
        return ", ".join(pairs) or NOTHING

    @admin.display(description="score", ordering="score")
    def shown_score(self, response: Response) -> str:
        if response.score is None:
            return NOTHING
        return f"{response.score:g} ({response.percent:g} %)"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = self.get_object(request, object_id)
        panel = receipt_panel(response) if response else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **panel})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Response | None = None) -> bool:
        return False
