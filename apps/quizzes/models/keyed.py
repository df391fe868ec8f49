"""What has a key of its own within a quiz or a question."""

from typing import Any, ClassVar

from django.db import models

from apps.quizzes.naming import KEY_LENGTH, check_key, free_key


class Keyed(models.Model):
    """A row whose key, unless its author chose one, is made of its words and of no sibling's."""

    siblings_share: ClassVar[str] = "quiz"  # the field that is the same in all siblings
    words: ClassVar[str] = "label"  # the field a key is made of

    key = models.CharField(max_length=KEY_LENGTH, blank=True, validators=[check_key])

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.key:
            shared = {self.siblings_share: getattr(self, f"{self.siblings_share}_id")}
            siblings = type(self)._default_manager.filter(**shared).exclude(pk=self.pk)
            self.key = free_key(
                getattr(self, self.words),
                taken=set(siblings.values_list("key", flat=True)),
                fallback=str(self._meta.model_name),
            )
        super().save(*args, **kwargs)
