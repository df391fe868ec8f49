"""Forms written elsewhere become drafts, with a report that leaves no element of them out."""

from collections.abc import Callable
from typing import Any

from apps.quizzes import exchanging
from apps.quizzes.importing import surveyjs, typeform

Reader = Callable[[dict[str, Any]], exchanging.Imported]
FORMATS: dict[str, Reader] = {
    "tidemark": exchanging.read,
    "surveyjs": surveyjs.read,
    "typeform": typeform.read,
}
