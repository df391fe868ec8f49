"""The installation's calendar, read from the settings: the edge at which rules get theirs."""

from django.conf import settings
from django.utils import timezone

from apps.rules.clock import Calendar, WeekStart


def installed() -> Calendar:
    """Return the zone of TIME_ZONE, with weeks that begin as WEEK_STARTS says."""
    week_starts = WeekStart[settings.WEEK_STARTS.upper()]
    return Calendar(timezone.get_default_timezone(), week_starts)
