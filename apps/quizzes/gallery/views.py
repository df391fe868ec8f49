"""Beginning a quiz from one there is: a template, a file, or another quiz of yours."""

import json
from typing import cast

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.quizzes import exchanging
from apps.quizzes.gallery import shelf
from apps.quizzes.importing.uploading import ImportForm, grouped
from apps.quizzes.models import ImportReport, Quiz

may_view = permission_required("quizzes.view_quiz", raise_exception=True)
may_add = permission_required("quizzes.add_quiz", raise_exception=True)


@require_safe
@may_add
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "quizzes/gallery/gallery.html", {"quizzes": shelf.shown()})


@require_POST
@may_add
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Begin a draft with a template."""
    try:
        found = exchanging.read(shelf.source(name))
    except KeyError:
        raise Http404("There is no such template.") from None
    messages.success(
        request, f"“{found.quiz}” is begun as a draft. Make it yours, then publish it."
    )
    return redirect("studio:studio", found.quiz.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_add
def import_quiz(request: HttpRequest) -> HttpResponse:
    """Begin a draft with a file of a form, and lead to what became of each element."""
    form = ImportForm(request.POST or None, request.FILES or None)
    found = form.read() if request.method == "POST" else None
    if found is not None:
        user = cast("User", request.user)
        LogEntry.objects.log_actions(
            user.pk, [found.quiz], ADDITION, "Imported.", single_object=True
        )
        return redirect("gallery:report", found.quiz.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "quizzes/gallery/import.html", {"form": form}, status=status)


@require_safe
@may_view
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what became of each element of the file a quiz was imported from."""
    kept = get_object_or_404(ImportReport.objects.select_related("quiz"), quiz=pk)
    context = {"quiz": kept.quiz, "groups": grouped(kept)}
    return render(request, "quizzes/gallery/report.html", context)


@require_safe
@may_view
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand over the draft as it is saved."""
    quiz = get_object_or_404(Quiz, pk=pk)
    text = json.dumps(exchanging.written(quiz), ensure_ascii=False, indent=1)
    return HttpResponse(
        text + "\n",
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{quiz.slug}.json"'},
    )


@require_POST
@may_add
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin another draft with this one as it is saved; responses and versions stay here."""
    source = exchanging.written(get_object_or_404(Quiz, pk=pk))
    source["title"] = f"Copy of {source['title']}"[:200]
    try:
        found = exchanging.read({**source, "slug": ""})
    except exchanging.Unreadable as error:
        messages.error(request, f"Not duplicated. {error}")
        return redirect("admin:quizzes_quiz_change", pk)
    lost = [line for line in found.report if line.outcome != "imported"]
    if lost:
        messages.warning(request, "Pictures stay with the original: add them again.")
    messages.success(request, f"This is the copy: “{found.quiz}”.")
    return redirect("studio:studio", found.quiz.pk)
