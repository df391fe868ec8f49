"""Writing quizzes in the admin, proving and publishing them, and reading responses."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.accounts.templatetags.staff import ago, dot
from apps.quizzes import arranging, opening, publishing
from apps.quizzes.definition import OFFERING, WEIGHED, Kind
from apps.quizzes.fields import BY_KIND
from apps.quizzes.forms import (
    QuestionForm,
    QuizForm,
    question_form,
)
from apps.quizzes.inlines import (
    ChoiceInline,
    EndingInline,
    JumpInline,
    RowInline,
    ScaleInline,
    TierInline,
)
from apps.quizzes.models import (
    Question,
    Quiz,
    Scale,
)
from apps.quizzes.panels import proof_panel
from apps.quizzes.picture_admin import PictureAdmin
from apps.quizzes.responses import ResponseAdmin
from apps.quizzes.theme_form import FIELDSET

__all__ = ["PictureAdmin", "QuestionAdmin", "QuizAdmin", "ResponseAdmin"]

NOTHING = "\u2013"  # a dash
TONES = {Quiz.Status.DRAFT: "quiet", Quiz.Status.OPEN: "success", Quiz.Status.CLOSED: "warning"}
OPENING: tuple[str, dict[str, Any]] = (
    "Opening and closing",
    {
        "classes": ("collapse",),
        "fields": (("opens_at", "closes_at"), "most_responses", "closed_text"),
    },
)
Fieldsets = list[tuple[str | None, dict[str, Any]]]


class StudioList(ChangeList):
    """The list of quizzes: each leads to its studio."""

    def url_for_result(self, result: Any) -> str:
        return reverse("studio:studio", args=[result.pk])


@admin.register(Quiz)
class QuizAdmin(admin.ModelAdmin[Quiz]):
    form = QuizForm
    change_form_template = "admin/quizzes/quiz/change_form.html"
    change_list_template = "admin/quizzes/quiz/change_list.html"
    list_display = ("title", "state", "version_count", "response_count", "address", "edited")
    list_display_links = ("title",)
    search_fields = ("title", "slug")
    view_on_site = False  # the page says where, and whether it is open

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StudioList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quiz]:
        counted: QuerySet[Quiz] = Quiz.objects.annotate(
            versions_made=Count("versions", distinct=True),
            responses_begun=Count("versions__responses", distinct=True),
        )
        return counted

    @admin.display(description="status", ordering="status")
    def state(self, quiz: Quiz) -> SafeString:
        why = opening.closed(quiz, now=timezone.now()) if quiz.status == Quiz.Status.OPEN else None
        if why is not None:  # one count a row, of those alone that have a limit
            return dot("Not open yet" if why.opens_at else "Closed by itself", "warning")
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
        about = ("title", "slug", "intro", ("start_label", "scoring", "bands"), "hidden")
        if obj is None:
            return [(None, {"fields": about})]
        result = {"fields": ("chart", ("shareable", "downloadable"))}
        found: Fieldsets = [
            (None, {"fields": ("status", *about)}),
            OPENING,
            ("Result page", result),
            FIELDSET,
        ]
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        return ("slug",) if obj is not None and obj.versions.exists() else ()

    def get_inlines(self, request: HttpRequest, obj: Quiz | None) -> Any:
        return [] if obj is None else [ScaleInline, TierInline, EndingInline]

    def save_model(self, request: HttpRequest, obj: Quiz, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change and obj.scoring == Quiz.Scoring.TIERS:
            Scale.objects.create(quiz=obj, key="score", label="Score")

    def response_add(
        self, request: HttpRequest, obj: Quiz, post_url_continue: str | None = None
    ) -> Any:
        """Go on to the studio: a new quiz has no questions."""
        messages.success(request, f"“{obj}” is begun. Add its questions and tiers here.")
        return redirect("studio:studio", obj.pk)

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
        arranging.move(moved, by=-1 if request.POST.get("to") == "up" else 1)
        return redirect(reverse("admin:quizzes_quiz_change", args=[pk]) + "#questions")

    def _changeable(self, request: HttpRequest, pk: int) -> Quiz:
        quiz = get_object_or_404(Quiz, pk=pk)
        if not self.has_change_permission(request, quiz):
            raise PermissionDenied
        return quiz


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
        scales = tuple(obj.quiz.scales.all()) if obj and Kind(obj.kind) in WEIGHED else ()
        return super().get_form(request, obj, change, **{**kwargs, "form": question_form(scales)})

    def get_fieldsets(self, request: HttpRequest, obj: Question | None = None) -> Any:
        about = ("kind", "title", "help", "required")
        if obj is None:
            return [(None, {"fields": about})]
        found: Fieldsets = [(None, {"fields": (*about, ("picture", "picture_alt"), "key")})]
        own = BY_KIND.get(obj.kind, ())
        last = ("Shown only if", {"classes": ("collapse",), "fields": ("visible",)})
        if Kind(obj.kind) in WEIGHED:
            own += tuple(f"weight_{scale.pk}" for scale in obj.quiz.scales.all())
        if own:
            found.append((obj.get_kind_display(), {"fields": own}))
        return [*found, last]

    def get_inlines(self, request: HttpRequest, obj: Question | None) -> Any:
        if obj is None:
            return []
        rows = [RowInline] if obj.kind == Question.Kind.MATRIX else []
        choices = [ChoiceInline] if Kind(obj.kind) in OFFERING else []
        return [*rows, *choices, JumpInline]

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
            obj.position = arranging.last_position(obj.quiz) + 10
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
