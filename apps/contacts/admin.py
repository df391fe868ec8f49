"""Contacts, the catalogue of traits and the events, as the admin shows them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.templatetags.staff import ago
from apps.contacts import panels, people, timeline
from apps.contacts.events import record_event
from apps.contacts.forms import EventForm, ProfileForm, TraitForm, with_traits
from apps.contacts.models import Contact, ContactQuerySet, Event, Trait

LAID_OUT = (
    "email",
    ("first_name", "last_name"),
    ("phone", "country"),
    ("language", "timezone"),
)
Fieldsets = list[tuple[str | None, dict[str, Any]]]


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin[Contact]):
    list_display = ("person", "email", "country", "seen", "created")
    list_display_links = ("person",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-created_at",)
    search_fields = ("email",)  # says that one can search; get_search_results does it
    search_help_text = "Name or email begins with"

    @admin.display(description="contact")
    def person(self, contact: Contact) -> str:
        return str(contact)

    @admin.display(description="last seen", ordering="last_seen_at")
    def seen(self, contact: Contact) -> SafeString | str:
        return ago(contact.last_seen_at)

    @admin.display(description="first seen", ordering="created_at")
    def created(self, contact: Contact) -> SafeString | str:
        return ago(contact.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return Contact.objects.standing()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        assert isinstance(queryset, ContactQuerySet)
        return queryset.search(search_term.replace("\x00", "")), False

    def get_form(
        self,
        request: HttpRequest,
        obj: Contact | None = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        return super().get_form(request, obj, change, **{**kwargs, "form": with_traits(obj)})

    def get_fieldsets(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        found: Fieldsets = [(None, {"fields": LAID_OUT})]
        if obj is None:
            return found
        traits = tuple(with_traits(obj).traits)
        if traits:
            about = "Empty a value to remove the trait."
            found.append(("Traits", {"fields": traits, "description": about}))
        found.append(("Add a trait", {"fields": ("add_key", "add_value")}))
        return found

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:  # noqa: FBT001
        """Write through the verbs of contacts, so that segments settle before the answer."""
        assert isinstance(form, ProfileForm)
        now = timezone.now()
        if not change:
            obj.pk = people.find_or_make(now=now, email=form.cleaned_data["email"]).pk
            obj._state.adding = False
        form.apply(obj, now=now, source=f"admin: {request.user}")

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        contact = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(_beside(contact) if contact else {})}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        record = self.admin_site.admin_view(self.record_view)
        own = [path("<int:pk>/event/", record, name="contacts_contact_event")]
        return [*own, *super().get_urls()]

    def record_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record an event of a contact by hand."""
        contact = get_object_or_404(Contact.objects.standing(), pk=pk)
        if not self.has_change_permission(request, contact):
            raise PermissionDenied
        form = EventForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            event = record_event(contact, now=timezone.now(), **form.cleaned_data)
            messages.success(request, f"Recorded {event.name}.")
            return redirect("admin:contacts_contact_change", contact.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "contact": contact,
            "title": f"Record an event of {contact}",
            "form": form,
            "names": _event_names(),
        }
        return render(request, "admin/contacts/contact/event.html", context)


@admin.register(Trait)
class TraitAdmin(admin.ModelAdmin[Trait]):
    """The catalogue: rules are written on key and kind, so these stay as they were made."""

    form = TraitForm
    list_display = ("label", "key", "kind", "source")
    list_filter = ("kind",)
    search_fields = ("key", "label")
    fields = ("label", "key", "kind", "options", "source")

    def get_readonly_fields(self, request: HttpRequest, obj: Trait | None = None) -> Any:
        return ("key", "kind", "source") if obj else ("source",)

    def save_model(self, request: HttpRequest, obj: Trait, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.source = f"admin: {request.user}"
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Trait | None = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(admin.ModelAdmin[Event]):
    """Read only: events are appended by whoever reports them, and never changed."""

    list_display = ("name", "of", "when", "about")
    list_display_links = None
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    search_fields = ("=name",)
    search_help_text = "The exact name of an event"

    @admin.display(description="contact")
    def of(self, event: Event) -> SafeString:
        url = reverse("admin:contacts_contact_change", args=[event.contact_id])
        return format_html('<a href="{}">{}</a>', url, event.contact)

    @admin.display(description="happened", ordering="id")
    def when(self, event: Event) -> SafeString | str:
        return ago(event.occurred_at)

    @admin.display(description="properties")
    def about(self, event: Event) -> str:
        return timeline.properties(event.properties)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return Event.objects.select_related("contact").defer("contact__profile")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False


def _beside(contact: Contact) -> dict[str, Any]:
    """Return what stands beside the form of a contact's page."""
    return {
        "panels": panels.panels(contact),
        "timeline": timeline.entries(contact),
        "identities": contact.identities.order_by("kind", "value"),
        "consents": contact.consents.order_by("-at", "-id"),
        "missing_traits": Trait.objects.exclude(key__in=contact.profile),
    }


def _event_names() -> QuerySet[Event, str]:
    return Event.objects.order_by("name").values_list("name", flat=True).distinct()[:200]
