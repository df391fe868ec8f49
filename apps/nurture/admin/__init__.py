"""Sequences, enrolments and the log of mails, as the admin shows them."""

from apps.nurture.admin import log, sequences

__all__ = ["log", "sequences"]
