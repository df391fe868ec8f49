"""What is asked before a segment goes back to an earlier rule."""

from django import forms


class ReturnForm(forms.Form):
    enrol_existing = forms.BooleanField(
        required=False,
        label="Start sequences for those who match already",
        help_text="Without this, only contacts who enter from now on start them.",
    )
    confirmed = forms.IntegerField(
        required=False, min_value=0, label="How many, if more than 500 would start sequences"
    )
