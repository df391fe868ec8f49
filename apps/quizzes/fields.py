"""Which columns of a question only some kinds of it have."""

from apps.quizzes.definition import Kind

SCALED = ("low_label", "high_label", "reversed")
BY_KIND: dict[str, tuple[str, ...]] = {
    Kind.SINGLE: ("order",),
    Kind.SEVERAL: ("least", "most", "order"),
    Kind.PICTURE: ("order",),
    Kind.PICTURES: ("least", "most", "order"),
    Kind.DROPDOWN: ("order",),
    Kind.RANKING: ("order",),
    Kind.SCALE: ("minimum", "maximum", "step", *SCALED),
    Kind.RATING: ("maximum", *SCALED),
    Kind.NPS: SCALED,
    Kind.NUMBER: ("minimum", "maximum", "step", "unit", "reversed", "mapping"),
    Kind.YES_NO: ("reversed",),
    Kind.TEXT: ("longest",),
    Kind.LONG_TEXT: ("longest",),
    Kind.CONSENT: ("consent_wording", "consent_required"),
    Kind.CONTACT: (
        "ask_first_name",
        "ask_last_name",
        "ask_email",
        "ask_phone",
        "ask_country",
        "consent_wording",
        "consent_required",
    ),
}
