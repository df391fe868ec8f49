"""The name of a ladder, or of its default."""

from django import forms


class LadderForm(forms.Form):
    name = forms.CharField(max_length=120)
