from apps.quizzes.importing.typeform.reading import read

__all__ = ["read"]
