from apps.quizzes.importing.surveyjs.reading import read

__all__ = ["read"]
