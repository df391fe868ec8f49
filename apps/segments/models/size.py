"""How many are in a segment, day by day."""

from django.db import models

from apps.segments.models.segment import Segment


class Size(models.Model):
    """What one day did to a segment's size. Added up over the days it is how many are in it."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="sizes")
    day = models.DateField(help_text="In the installation's time zone.")
    entered = models.BigIntegerField()
    departed = models.BigIntegerField()
    gone = models.BigIntegerField(help_text="Erased, or merged into another member.")

    class Meta:
        constraints = [models.UniqueConstraint("segment", "day", name="size_once_a_day")]

    def __str__(self) -> str:
        return f"{self.segment_id} on {self.day}: +{self.entered} -{self.departed} -{self.gone}"


class SizeNote(models.Model):
    """The same of one transaction, until it is added to its day.

    Notes are only ever appended, so nobody who moves contacts waits for anybody.
    """

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    entered = models.BigIntegerField(default=0)
    departed = models.BigIntegerField(default=0)
    gone = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.segment_id} on {self.day}: +{self.entered} -{self.departed} -{self.gone}"
