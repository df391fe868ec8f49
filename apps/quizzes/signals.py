"""What quizzes tell the apps above, inside the transaction of what they tell of."""

from django.dispatch import Signal

# provides args: response: Response, now: datetime
response_finished = Signal()

# The results of finished responses were replaced, or put back.
# provides args: ids: list[int] of the responses
responses_rescored = Signal()
