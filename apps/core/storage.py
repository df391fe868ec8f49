"""Static files under the names that `collectstatic` gave them, where it did."""

from django.contrib.staticfiles.storage import staticfiles_storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names with a hash of the content; a file that was not collected keeps its plain one.

    Else each page that names such a file would fail, those that say what is wrong included.
    """

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:  # it is not in the manifest
            return name


def is_collected() -> bool:
    """Whether static files have the names their storage gives; one that gives none is content."""
    return bool(getattr(staticfiles_storage, "hashed_files", True))
