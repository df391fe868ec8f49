"""What quizzes tell the apps above, inside the transaction that finishes a response."""

from django.dispatch import Signal

# provides args: response: Response, now: datetime
response_finished = Signal()
