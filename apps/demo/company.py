"""Northlight Records, the demonstration company: its quizzes, segments and sequences.

An online record shop that also licenses music to cafés, shops and hotels.
"""

from datetime import timedelta
from typing import Any

from apps.segments.models import Segment

VENUES = "venue-music"
LISTENERS = "listener-type"

VENUE_QUIZ: dict[str, Any] = {
    "title": "Is Northlight for Venues right for your place?",
    "slug": VENUES,
    "intro": (
        "A few short questions about your café, shop or hotel. At the end you know whether a"
        " licensed music service pays for you, and which plan fits."
    ),
    "scoring": "tiers",
    "questions": [
        {
            "key": "place",
            "kind": "single",
            "title": "Where will the music play?",
            "choices": [
                {"key": "cafe", "label": "In a café or restaurant", "points": 4},
                {"key": "shop", "label": "In a shop", "points": 3},
                {"key": "hotel", "label": "In a hotel", "points": 5},
                {"key": "office", "label": "In an office", "points": 1},
                {"key": "home", "label": "At my own home", "points": 0, "jump": "you"},
            ],
        },
        {
            "key": "venues",
            "kind": "single",
            "title": "How many places do you run?",
            "choices": [
                {"key": "one", "label": "One", "points": 1},
                {"key": "few", "label": "2 to 5", "points": 3},
                {"key": "many", "label": "6 to 20", "points": 5},
                {"key": "chain", "label": "More than 20", "points": 7},
            ],
        },
        {
            "key": "wants",
            "kind": "several",
            "title": "What would make your day easier?",
            "help": "Choose as many as you like.",
            "choices": [
                {"key": "hours", "label": "Playlists that follow the hour", "points": 1},
                {"key": "papers", "label": "Licences without paperwork", "points": 2},
                {"key": "brand", "label": "Music that fits our brand", "points": 2},
                {"key": "local", "label": "Local artists", "points": 1},
            ],
        },
        {
            "key": "trouble",
            "kind": "scale",
            "title": "How much trouble is music for you today?",
            "help": "1 is none at all, 5 is every day.",
            "minimum": 1,
            "maximum": 5,
            "low_label": "None",
            "high_label": "Every day",
            "weights": 1,
        },
        {
            "key": "start",
            "kind": "single",
            "title": "When would you like to start?",
            "choices": [
                {"key": "now", "label": "As soon as possible", "points": 5},
                {"key": "quarter", "label": "In the next three months", "points": 3},
                {"key": "looking", "label": "I am only looking", "points": 0},
            ],
        },
        {
            "key": "decides",
            "kind": "yes_no",
            "title": "Do you decide about this yourself?",
            "weights": 2,
        },
        {
            "key": "you",
            "kind": "contact",
            "title": "Where may we send your result?",
            "fields": ["first_name", "last_name", "email", "country"],
            "consent": "Yes, Northlight may write to me about music for my place.",
        },
    ],
    "tiers": [
        {
            "key": "cold",
            "label": "Cold",
            "headline": "Your own records will do for now",
            "body": "With a place like yours a licensed service costs more than it saves. Our"
            " **free guide** shows how to stay within the law with what you have.",
            "button_label": "Read the free guide",
            "button_url": "https://northlight.example/guide",
        },
        {
            "key": "warm",
            "label": "Warm",
            "headline": "A small plan would pay for you",
            "starts_at": 10,
            "body": "You spend time on music that your guests hardly notice. The **House plan**"
            " takes it off your hands, licences included.",
            "button_label": "See the House plan",
            "button_url": "https://northlight.example/house",
        },
        {
            "key": "hot",
            "label": "Hot",
            "headline": "You are losing hours every week",
            "starts_at": 17,
            "body": "Several places, a date in mind and trouble every day: **Northlight for"
            " Venues** was made for you. Let us listen to your place together.",
            "button_label": "Book a listening hour",
            "button_url": "https://northlight.example/listening-hour",
        },
        {
            "key": "no-fit",
            "label": "No fit",
            "headline": "For home listening you need no licence",
            "override_only": True,
            "override": {"trait": "answer.place", "op": "is", "value": "home"},
            "body": "Play what you love, as loud as your neighbours allow. Our **shop** has"
            " twelve thousand records.",
            "button_label": "Browse the shop",
            "button_url": "https://northlight.example/shop",
        },
    ],
}


def _listener(key: str, label: str, scale: str) -> dict[str, Any]:
    return {"key": key, "label": label, "points": {scale: 1}}


LISTENER_QUIZ: dict[str, Any] = {
    "title": "Which kind of listener are you?",
    "slug": LISTENERS,
    "intro": "Four questions, no wrong answers, and a first record to start with.",
    "scoring": "outcomes",
    "scales": [
        {"key": "explorer", "label": "Explorer"},
        {"key": "collector", "label": "Collector"},
        {"key": "curator", "label": "Curator"},
    ],
    "questions": [
        {
            "key": "evening",
            "kind": "single",
            "title": "A free evening. What do you put on?",
            "choices": [
                _listener("new", "Something I have never heard", "explorer"),
                _listener("whole", "One album from the first groove to the last", "collector"),
                _listener("mix", "The list I made for evenings like this", "curator"),
            ],
        },
        {
            "key": "shelf",
            "kind": "single",
            "title": "What does your shelf look like?",
            "choices": [
                _listener("pile", "A pile that grows by itself", "explorer"),
                _listener("order", "In order, by label and year", "collector"),
                _listener("moods", "By mood, colour or season", "curator"),
            ],
        },
        {
            "key": "friend",
            "kind": "single",
            "title": "A friend asks for one record. You…",
            "choices": [
                _listener("stranger", "name one nobody knows yet", "explorer"),
                _listener("pressing", "name the pressing as well", "collector"),
                _listener("asks", "ask what the evening should feel like", "curator"),
            ],
        },
        {
            "key": "hours",
            "kind": "number",
            "title": "How many hours a week do you listen?",
            "minimum": 0,
            "maximum": 120,
            "required": False,
        },
        {
            "key": "you",
            "kind": "contact",
            "title": "Where may we send your first record?",
            "fields": ["first_name", "email"],
            "consent": "Yes, send me a record tip now and then.",
        },
    ],
    "tiers": [
        {
            "key": "explorer",
            "label": "Explorer",
            "scale": "explorer",
            "headline": "You are an Explorer",
            "body": "You listen forward. Start with *Harbour Radio*, which nobody has told you"
            " about yet.",
            "button_label": "Hear Harbour Radio",
            "button_url": "https://northlight.example/harbour-radio",
        },
        {
            "key": "collector",
            "label": "Collector",
            "scale": "collector",
            "headline": "You are a Collector",
            "body": "You listen deep. Start with *Blue Ledger*, the first pressing.",
            "button_label": "Hear Blue Ledger",
            "button_url": "https://northlight.example/blue-ledger",
        },
        {
            "key": "curator",
            "label": "Curator",
            "scale": "curator",
            "headline": "You are a Curator",
            "body": "You listen for others. Start with *Small Hours*, made to be passed on.",
            "button_label": "Hear Small Hours",
            "button_url": "https://northlight.example/small-hours",
        },
    ],
}


def _ordered(days: str, *, times: int = 1) -> dict[str, Any]:
    return {
        "event": "order_completed",
        "count": {"op": "at_least", "value": times},
        "within": days,
    }


def _tier(quiz: str, tier: str) -> dict[str, Any]:
    return {"trait": f"quiz.{quiz}.tier", "op": "is", "value": tier}


LADDER = {"name": "Lifecycle", "slug": "lifecycle"}
# name, slug, rung of the ladder or None, rule
SEGMENTS: tuple[tuple[str, str, int | None, dict[str, Any]], ...] = (
    ("Champions", "champions", 1, _ordered("180d", times=3)),
    ("Active customers", "active-customers", 2, _ordered("90d")),
    ("Cooling down", "cooling-down", 3, _ordered("365d")),
    ("Lapsed", "lapsed", 4, {"event": "order_completed"}),
    ("Not yet customers", "not-yet-customers", Segment.DEFAULT_RUNG, Segment.EVERYBODY),
    (
        "Hot venue leads",
        "hot-venue-leads",
        None,
        {
            "all": [
                _tier(VENUES, "hot"),
                {"trait": "contact.email", "op": "is_set"},
                {"not": {"event": "deal_won"}},
            ]
        },
    ),
    (
        "Warm venue leads",
        "warm-venue-leads",
        None,
        {"all": [_tier(VENUES, "warm"), {"not": {"event": "deal_won"}}]},
    ),
    (
        "Explorers to win",
        "explorers-to-win",
        None,
        {"all": [_tier(LISTENERS, "explorer"), {"not": {"event": "order_completed"}}]},
    ),
    (
        "Lapsed big baskets",
        "lapsed-big-baskets",
        None,
        {
            "all": [
                {"segment": "lapsed"},
                {
                    "event": "order_completed",
                    "where": [{"property": "total", "op": "at_least", "value": 100}],
                },
            ]
        },
    ),
)

# name, slug, segment, what happens when the contact leaves it, steps
SEQUENCES: tuple[tuple[str, str, str, str, tuple[dict[str, Any], ...]], ...] = (
    (
        "Venue welcome",
        "venue-welcome",
        "hot-venue-leads",
        "stop",
        (
            {
                "subject": "Your place and its music, {{ contact.first_name | default: 'hello' }}",
                "body": "Hello {{ contact.first_name | default: 'there' }},\n\n"
                "thank you for telling us about your place. You came out **hot**: several"
                " hours a week that music could give back to you.\n\n"
                "[Book a listening hour](https://northlight.example/listening-hour) and we"
                " come with three playlists made for you.\n\nThe people at Northlight",
            },
            {"wait": timedelta(days=2)},
            {
                "subject": "What a café in Lisbon did with its mornings",
                "body": "Hello {{ contact.first_name | default: 'there' }},\n\n"
                "Café Alba changed one thing: the music before ten. Guests stayed eleven"
                " minutes longer.\n\n[Read how](https://northlight.example/alba).",
            },
        ),
    ),
    (
        "Finding your next record",
        "next-record",
        "explorers-to-win",
        "finish",
        (
            {
                "subject": "A record nobody has told you about",
                "body": "Hello {{ contact.first_name | default: 'there' }},\n\n"
                "an Explorer should start with *Harbour Radio*. Side two, late at night.",
            },
            {"wait": timedelta(days=3)},
            {
                "subject": "And if you liked that",
                "body": "Then try *Tidal Notebook*. It is on its way to no list at all.",
            },
        ),
    ),
)

STAFF = (
    ("admin@northlight.example", "Alma Admin", "admin"),
    ("marketer@northlight.example", "Mats Marketer", "marketer"),
    ("sales@northlight.example", "Saga Sales", "sales"),
)
PASSWORD = "northlight-demo"  # noqa: S105  printed at every start: the demo binds to this machine
