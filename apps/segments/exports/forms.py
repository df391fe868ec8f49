"""What a marketer says of the file that is wanted."""

from typing import Any

from django import forms

from apps.segments.exports.columns import MOST, choices
from apps.segments.models import Export


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        choices=Export.Format, initial=Export.Format.CSV, widget=forms.RadioSelect, label="Format"
    )
    since = forms.DateField(
        required=False,
        label="Only who entered since",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    columns = forms.MultipleChoiceField(
        required=False,
        label="Traits as columns",
        widget=forms.CheckboxSelectMultiple,
        help_text="Beside contact, email, names and when the member entered.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = self.fields["columns"]
        assert isinstance(columns, forms.MultipleChoiceField)
        columns.choices = choices()

    def clean_columns(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["columns"]
        if len(chosen) > MOST:
            raise forms.ValidationError(f"Choose at most {MOST} traits.")
        return chosen
