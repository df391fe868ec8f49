"""What holds for the whole product, read from the product itself.

The literals in here are maps: of who listens to whom, and of who may open what. A new signal,
listener or route without its row fails.
"""

import ast
import re
import tomllib
import weakref
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import signals as of_models
from django.dispatch import Signal
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import User

ROOT = Path(settings.BASE_DIR)

# --- The invisible edges: every signal, and who listens --------------------------------

LISTENERS = {
    "apps.contacts.signals.contacts_erasing": {
        "apps.integrations.receivers.drop_files_that_name_them",
        "apps.nurture.receivers.forget_suppressions",
        "apps.quizzes.receivers.lock_responses",
        "apps.segments.receivers.drop_exports_that_name_them",
        "apps.segments.receivers.drop_proposals_that_name_them",
    },
    "apps.contacts.signals.contacts_merged": {
        "apps.leads.receivers.contacts_were_merged",
        "apps.nurture.receivers.merge_enrolments",
        "apps.quizzes.receivers.move_responses",
        "apps.segments.receivers.merge_standing",
    },
    "apps.contacts.signals.contacts_merging": {"apps.quizzes.receivers.lock_responses"},
    "apps.contacts.signals.facts_written": {"apps.segments.receivers.mark_facts"},
    "apps.core.signals.second_passed": {
        "apps.integrations.receivers.resume_imports",
        "apps.nurture.receivers.advance_enrolments",
        "apps.nurture.receivers.sweep_messages",
        "apps.quizzes.receivers.resume_rescoring",
        "apps.segments.receivers.keep_time",
    },
    "apps.quizzes.signals.response_finished": {"apps.leads.receivers.response_was_finished"},
    "apps.quizzes.signals.responses_rescored": {"apps.leads.receivers.responses_were_rescored"},
    "apps.segments.signals.memberships_changed": {"apps.nurture.receivers.follow_memberships"},
    "model saved": {
        "apps.nurture.receivers.end_mail_of_the_unwilling",
        "apps.segments.receivers.mark_contact",
        "apps.segments.receivers.mark_event",
        "apps.segments.receivers.mark_pin",
    },
    "model deleted": {
        "apps.segments.receivers.mark_event",
        "apps.segments.receivers.mark_pin",
        "apps.segments.receivers.note_member_gone",
    },
    "task begins": {"apps.core.attempts.begins", "apps.core.busy.begins"},
    "task ends": {"apps.core.busy.ends"},
    "task is acknowledged": {"apps.core.canary.heard"},
}

OF_OTHERS = {
    "model saved": of_models.post_save,
    "model deleted": of_models.post_delete,
    "task begins": import_module("django_q.signals").pre_execute,
    "task ends": import_module("django_q.signals").post_execute_in_worker,
    "task is acknowledged": import_module("django_q.signals").post_execute,
}


def product_signals() -> dict[str, Signal]:
    """Return the signals that our apps declare, by dotted path."""
    found = {}
    for path in sorted(ROOT.glob("apps/*/signals.py")):
        name = f"apps.{path.parent.name}.signals"
        for attribute, value in vars(import_module(name)).items():
            if isinstance(value, Signal):
                found[f"{name}.{attribute}"] = value
    return found


def listeners(signal: Signal) -> set[str]:
    """Return our own listeners of a signal, by dotted path."""
    found = set()
    for _, receiver, _ in signal.receivers:
        function = receiver() if isinstance(receiver, weakref.ReferenceType) else receiver
        name = f"{function.__module__}.{function.__qualname__}" if function else ""
        if name.startswith("apps."):
            found.add(name)
    return found


def test_every_signal_and_its_listeners_stand_in_the_map() -> None:
    found = {name: listeners(signal) for name, signal in (product_signals() | OF_OTHERS).items()}
    assert found == LISTENERS


# --- Documents that must not fall behind -----------------------------------------------


def requirements() -> dict[str, set[str]]:
    """Return what pyproject.toml names, by the lock file that must pin it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = dict(project["dependency-groups"])
    peers = groups.pop("bench")
    named = [*project["project"]["dependencies"]]
    for group in (*project["project"]["optional-dependencies"].values(), *groups.values()):
        named += group
    return {
        "requirements.txt": {name_of(line) for line in named},
        "requirements-bench.txt": {name_of(line) for line in peers},
    }


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0]


def test_every_dependency_has_its_reason_and_every_reason_its_dependency() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.M)
    named = [name for names in requirements().values() for name in names]
    assert sorted(row for row in rows if row != "package") == sorted(named)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-bench.txt"])
def test_the_locked_requirements_hold_every_dependency_and_no_address(file: str) -> None:
    lock = (ROOT / file).read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", lock, re.M))
    assert requirements()[file] <= pinned
    assert "http" not in lock
    assert "index" not in lock


def test_every_environment_variable_is_documented_and_every_row_is_read() -> None:
    code = "".join(path.read_text() for path in sorted(ROOT.glob("config/*.py")))
    read = set(re.findall(r"""(?:env(?:\.\w+)?|secret)\(\s*"([A-Z_]+)\"""", code))
    rows = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/operating.md").read_text(), re.M)
    assert sorted(rows) == sorted(read)


# --- Nothing a visitor wrote is ever trusted as HTML ------------------------------------

TRUSTED = {
    "apps/core/richtext.py": 1,  # what nh3 has just cleaned
}


def test_markup_is_trusted_only_where_it_was_cleaned() -> None:
    pattern = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|autoescape off|mark_safe\(|SafeString\(")
    found = {}
    for path in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("**/templates/**/*.html")]:
        if ".venv" not in path.parts and (count := len(pattern.findall(path.read_text()))):
            found[str(path.relative_to(ROOT))] = count
    assert found == TRUSTED


def test_no_template_carries_a_script_or_a_style_of_its_own() -> None:
    pattern = re.compile(
        r"<style|<script(?![^>]*(?:\bsrc=|type=\"application/json\"))|\sstyle=|\son[a-z]+=|hx-on"
    )
    templates = [path for path in ROOT.glob("templates/**/*.html") if "mail" not in path.name]
    assert templates
    assert [str(path) for path in templates if pattern.search(path.read_text())] == []


# --- Who may open what -------------------------------------------------------------------

EVERYBODY = {"anonymous", "sales", "marketer", "admin"}
STAFF = {"sales", "marketer", "admin"}
BUILDERS = {"marketer", "admin"}
ADMINS = {"admin"}

A_TOKEN: set[str] = set()  # whoever they are: the API asks for a token (tests/integrations)

ROUTES = {
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    "q/<slug:slug>/": EVERYBODY,
    "q/p/<slug:token>/": EVERYBODY,
    "q/r/<slug:token>/": EVERYBODY,
    "q/r/<slug:token>/result/": EVERYBODY,
    "q/r/<slug:token>/result/share/": EVERYBODY,
    "q/r/<slug:token>/result/pdf/": EVERYBODY,
    "q/r/<slug:token>/<slug:key>/": EVERYBODY,
    "q/s/<slug:token>/": EVERYBODY,
    "q/s/<slug:token>/card.png": EVERYBODY,
    "q/t/<slug:tokens>.css": EVERYBODY,
    "u/<str:token>/": EVERYBODY,
    "api/v1/docs": EVERYBODY,
    "api/v1/openapi.json": EVERYBODY,
    "api/v1/": EVERYBODY,
    "api/v1/traits/<str:key>": A_TOKEN,
    "api/v1/contacts": A_TOKEN,
    "api/v1/events": A_TOKEN,
    "api/v1/contacts/merge": A_TOKEN,
    "api/v1/contacts/<int:contact_id>": A_TOKEN,
    "api/v1/contacts/<int:contact_id>/segments": A_TOKEN,
    "api/v1/contacts/<int:contact_id>/explain/<str:slug>": A_TOKEN,
    "api/v1/segments": A_TOKEN,
    "api/v1/segments/preview": A_TOKEN,
    "api/v1/segments/relations": A_TOKEN,
    "api/v1/segments/<str:slug>": A_TOKEN,
    "api/v1/segments/<str:slug>/members": A_TOKEN,
    "api/v1/quizzes/import": A_TOKEN,
    "api/v1/quizzes/<str:slug>/publish": A_TOKEN,
    "api/v1/quizzes/<str:slug>/proof": A_TOKEN,
    "api/v1/quizzes/<str:slug>/simulate": A_TOKEN,
    "login/": EVERYBODY,
    "logout/": STAFF,
    "password/": STAFF,
    "": STAFF,
    "leads/": STAFF,
    "leads/<int:pk>/": STAFF,
    "leads/<int:pk>/stage/": STAFF,
    "leads/<int:pk>/owner/": STAFF,
    "leads/<int:pk>/why/": STAFF,
    "leads/<int:pk>/why/<slug:slug>/": STAFF,
    "imports/": BUILDERS,
    "imports/<int:pk>/": BUILDERS,
    "imports/<int:pk>/confirm/": BUILDERS,
    "imports/<int:pk>/stop/": BUILDERS,
    "imports/<int:pk>/refused.csv": BUILDERS,
    "admin/quizzes/quiz/<int:pk>/backtest/": BUILDERS,
    "admin/quizzes/backtests/<int:pk>/": BUILDERS,
    "admin/quizzes/backtests/<int:pk>/publish/": BUILDERS,
    "admin/quizzes/backtests/<int:pk>/tiers/<slug:former>/<slug:tier>/": BUILDERS,
    "admin/quizzes/backtests/<int:pk>/segments/<slug:slug>/entering/": BUILDERS,
    "admin/quizzes/backtests/<int:pk>/segments/<slug:slug>/leaving/": BUILDERS,
    "admin/quizzes/rescorings/<int:pk>/": BUILDERS,
    "admin/quizzes/rescorings/<int:pk>/undo/": BUILDERS,
    "admin/quizzes/templates/": BUILDERS,
    "admin/quizzes/templates/<slug:name>/use/": BUILDERS,
    "admin/quizzes/import/": BUILDERS,
    "admin/quizzes/quiz/<int:pk>/report/": BUILDERS,
    "admin/quizzes/quiz/<int:pk>/export/": BUILDERS,
    "admin/quizzes/quiz/<int:pk>/duplicate/": BUILDERS,
    "admin/segments/": BUILDERS,
    "admin/segments/report/": BUILDERS,
    "admin/segments/report/order/": BUILDERS,
    "admin/segments/new/": BUILDERS,
    "admin/segments/new/dry-run/": BUILDERS,
    "admin/segments/<int:pk>/dry-run/": BUILDERS,
    "admin/segments/dry-runs/<int:pk>/": BUILDERS,
    "admin/segments/dry-runs/<int:pk>/save/": BUILDERS,
    "admin/segments/dry-runs/<int:pk>/<slug:slug>/entering/": BUILDERS,
    "admin/segments/dry-runs/<int:pk>/<slug:slug>/leaving/": BUILDERS,
    "admin/segments/<int:pk>/": BUILDERS,
    "admin/segments/<int:pk>/edit/": BUILDERS,
    "admin/segments/<int:pk>/pin/": BUILDERS,
    "admin/segments/<int:pk>/archive/": BUILDERS,
    "admin/segments/<int:pk>/flow/": BUILDERS,
    "admin/segments/<int:pk>/revisions/": BUILDERS,
    "admin/segments/<int:pk>/revisions/<int:number>/": BUILDERS,
    "admin/segments/<int:pk>/revisions/<int:number>/return/": BUILDERS,
    "admin/segments/<int:pk>/exports/": BUILDERS,
    "admin/segments/<int:pk>/exports/<int:export_pk>/": BUILDERS,
    "admin/segments/<int:pk>/exports/<int:export_pk>/stop/": BUILDERS,
    "admin/segments/<int:pk>/exports/<int:export_pk>/file/": BUILDERS,
    "admin/segments/ladders/": BUILDERS,
    "admin/segments/ladders/<slug:slug>/": BUILDERS,
    "admin/segments/ladders/<slug:slug>/arrange/": BUILDERS,
    "admin/segments/ladders/<slug:slug>/name/": BUILDERS,
    "admin/segments/ladders/<slug:slug>/default/": BUILDERS,
    "admin/segments/ladders/<slug:slug>/delete/": BUILDERS,
    "admin/segments/why/<int:contact_pk>/": BUILDERS,
    "admin/segments/why/<int:contact_pk>/<slug:slug>/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/settings/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/tiers/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/endings/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/add/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/arrange/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/publish/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/questions/<int:question>/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/questions/<int:question>/shown-if/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/questions/<int:question>/jumps/new/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/questions/<int:question>/jumps/<int:jump>/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/questions/<int:question>/jumps/arrange/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/tiers/<int:tier>/override/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/revisions/": BUILDERS,
    "admin/quizzes/studio/<int:pk>/revisions/<int:number>/return/": BUILDERS,
}

# Django's own pages of the admin, one row for each app whose records they show.
ADMIN_APPS = {
    "contacts": BUILDERS,
    "quizzes": BUILDERS,
    "segments": BUILDERS,
    "nurture": BUILDERS,
    "leads": BUILDERS,
    "accounts": ADMINS,
    "core": ADMINS,
    "integrations": ADMINS,
    "axes": ADMINS,
}
ADMIN_OWN = re.compile(
    r"admin/(|all/|login/|logout/|password_change/(done/)?|autocomplete/|jsi18n/|r/.*"
    r"|\^\(\?P<app_label>.*|\(\?P<url>\.\*\)\$)"
)


def routes(patterns: list[Any], *, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, before=route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


def is_of_the_admin(route: str) -> bool:
    app = route.removeprefix("admin/").partition("/")[0]
    return route not in ROUTES and (bool(ADMIN_OWN.fullmatch(route)) or app in ADMIN_APPS)


def test_every_route_says_who_may_open_it() -> None:
    found = {route for route in routes(get_resolver().url_patterns) if not is_of_the_admin(route)}
    assert found == set(ROUTES)


def test_every_app_with_records_in_the_admin_says_who_may_see_them() -> None:
    assert {model._meta.app_label for model in admin.site._registry} <= set(ADMIN_APPS)


@pytest.fixture
def client_of(db: None) -> dict[str, Client]:
    clients = {"anonymous": Client()}
    for role in User.Role.values:
        user = User.objects.create_user(f"{role}@example.com", "x", role=role)
        clients[role] = Client()
        clients[role].force_login(user)
    return clients


def opens(client: Client, address: str) -> bool:
    """Whether the door opens; what is behind it may still be missing or want a POST."""
    for method in (client.get, client.post, client.put, client.delete):
        answer = method(address)
        if answer.status_code in {401, 403}:
            return False
        if answer.status_code == 302 and "login" in answer["Location"]:
            return False
        if answer.status_code != 405:
            return True
    return True


def address_of(route: str) -> str:
    return "/" + re.sub(
        r"<(int|slug|str):\w+>", lambda kind: "1" if kind[1] == "int" else "x", route
    )


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "logout/"])
def test_a_route_opens_to_whom_the_map_says(client_of: dict[str, Client], route: str) -> None:
    address = address_of(route)
    opened = {who for who, client in client_of.items() if opens(client, address)}
    assert opened == ROUTES[route]


@pytest.mark.django_db
def test_records_in_the_admin_open_to_whom_the_map_says(client_of: dict[str, Client]) -> None:
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        opened = {who for who, client in client_of.items() if opens(client, address)}
        assert opened == ADMIN_APPS[model._meta.app_label], address


# --- The shape of the code ---------------------------------------------------------------


def test_no_file_of_ours_is_longer_than_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("config/*.py")]
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_every_app_of_the_ladder_is_installed() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " | ".join(contract["contracts"][0]["layers"]).split(" | ")
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert set(layers) == ours


# --- Facts are written where their marks are -----------------------------------------------

FACTS = {
    "contacts": {"Contact", "ProfileChange", "Event", "Identity", "Trait", "DatedTrait", "Consent"},
    "segments": {
        "Membership",
        "Transition",
        "Size",
        "SizeNote",
        "Change",
        "Pin",
        "PinChange",
        "Rebuild",
        "Revision",
        "Watermark",
    },
}
# What sends no signal for each row (so no mark is left), or makes rows behind the verbs.
BULK = {"update", "bulk_create", "bulk_update", "delete", "update_or_create", "_raw_delete", "raw"}
RELATED = {  # the same rows, reached from the other end
    "contacts": {"events", "identities", "dated_traits", "consents", "profile_changes"},
    "segments": {"memberships", "transitions", "pins", "pin_changes", "rebuilds", "revisions"},
}


def names_in(node: ast.AST) -> set[str]:
    """Return every name and attribute that an expression is made of."""
    return {
        found
        for part in ast.walk(node)
        for found in (getattr(part, "id", None), getattr(part, "attr", None))
        if found
    }


def is_a_look(call: ast.Call) -> bool:
    """Return whether a call of `raw` is a SELECT."""
    text = ast.unparse(call.args[0]).lstrip("f'\"") if call.args else ""
    return ast.unparse(call.func).endswith(".raw") and text.startswith("SELECT ")


def bulk_writes(source: str, *, models: set[str], related: set[str]) -> Iterator[str]:
    """Yield the calls that write many rows of these models at once, variables followed."""
    tree = ast.parse(source)
    held = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and {"objects", *models} & names_in(node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and models & names_in(node.value)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            reached = names_in(node.func.value)
            of_model = "objects" in reached and models & reached
            if (
                node.func.attr in BULK
                and (of_model or reached & (held | related))
                and not is_a_look(node)
            ):
                yield ast.unparse(node.func)
            elif node.func.attr == "insert" and node.args and models & names_in(node.args[0]):
                yield ast.unparse(node.func)  # core's rows.insert(Model, ...)


@pytest.mark.parametrize("owner", FACTS)
def test_no_other_app_writes_facts_behind_the_verbs(owner: str) -> None:
    found = {
        str(path.relative_to(ROOT)): calls
        for path in ROOT.glob("apps/**/*.py")
        if path.relative_to(ROOT).parts[1] != owner and "migrations" not in path.parts
        if (
            calls := list(
                bulk_writes(path.read_text(), models=FACTS[owner], related=RELATED[owner])
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "Contact.objects.filter(pk=1).update(country='SE')",
        "models.Event.objects.bulk_create([])",
        "rows = Event.objects.filter(name='x')\nrows.delete()",
        "contact.events.filter(name='x').delete()",
        "Contact.objects.locked([1]).order_by('pk').update(profile={})",
        "rows.insert(models.Event, ('name',), [('x',)])",
    ],
)
def test_the_search_for_bulk_writes_finds_them(code: str) -> None:
    assert list(bulk_writes(code, models=FACTS["contacts"], related=RELATED["contacts"]))


def test_only_contacts_write_a_profile() -> None:
    pattern = re.compile(
        r"contact\.profile(\[[^]]*\])? = |contact\.profile\.(update|pop|setdefault|clear)\("
    )
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("apps/**/*.py")
        if pattern.search(path.read_text())
    }
    assert found == {"apps/contacts/profile.py"}


# Whoever writes a contact's profile keeps what it replaces (contacts/history.py), in the same
# function's transaction. Each write of contacts that there is, and what becomes of their past.
CONTACT_WRITES = {
    "apps/contacts/appending.py": ["UPDATE"],  # last seen: told by the events
    "apps/contacts/erasing.py": ["delete"],
    "apps/contacts/gathering.py": ["bulk_create", "bulk_create"],  # new ones; kept
    "apps/contacts/importing.py": ["bulk_create"],  # new ones
    "apps/contacts/merging.py": ["update", "save", "save"],  # tombstones; kept, kept
    "apps/contacts/people.py": ["create"],  # a new one
    "apps/contacts/profile.py": ["save", "save"],  # kept, kept
}
KEEPS = {  # what keeps, and before what it is called
    "apps/contacts/gathering.py": ("history.keep(", "_update(changed, changes)"),
    "apps/contacts/merging.py": ("history.merge(", "gone.save()"),
    "apps/contacts/profile.py": ("history.keep(", "_save(contact, changed)"),
}
OF_CONTACTS = re.compile(r"(^|[._])(contact|into|gone|survivor|person|obj)$")


def contact_writes(source: str) -> Iterator[str]:
    """Yield each call that writes contacts: many at once, one made, one saved, by SQL."""
    yield from (
        call.rpartition(".")[2] for call in bulk_writes(source, models={"Contact"}, related=set())
    )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value)
            makes = node.func.attr in {"create", "get_or_create"} and "Contact.objects" in of
            saves = node.func.attr in {"save", "asave", "save_base"} and OF_CONTACTS.search(of)
            if makes or saves:
                yield node.func.attr
    yield from re.findall(r"(UPDATE|INSERT INTO) \{rows\.table\(Contact\)\}", source)[:1]


def test_every_write_of_contacts_is_known_and_keeps_the_past_of_profiles() -> None:
    found = {
        str(path.relative_to(ROOT)): calls
        for path in ROOT.glob("apps/**/*.py")
        if "migrations" not in path.parts and (calls := list(contact_writes(path.read_text())))
    }
    assert {path: sorted(calls) for path, calls in found.items()} == {
        path: sorted(calls) for path, calls in CONTACT_WRITES.items()
    }


@pytest.mark.parametrize("path", KEEPS)
def test_what_a_write_replaces_is_kept_before_it(path: str) -> None:
    keeps, write = KEEPS[path]
    source = (ROOT / path).read_text()
    assert source.count(keeps) == source.count(write) == 1
    assert source.index(keeps) < source.index(write)


@pytest.mark.parametrize(
    "code",
    [
        "contact.save()",
        "response.contact.save(update_fields=['country'])",
        "Contact.objects.create(email='')",
        "Contact.objects.bulk_update([], ['profile'])",
        "sql = f'UPDATE {rows.table(Contact)} SET country = %s'",
    ],
)
def test_the_search_for_writes_of_contacts_finds_them(code: str) -> None:
    assert list(contact_writes(code))
