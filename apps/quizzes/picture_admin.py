"""The pictures that quizzes show, in the admin: added with their words, and drawn anew."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.forms import PlainLabels
from apps.quizzes import pictures
from apps.quizzes.models import Picture, Version


class PictureForm(PlainLabels, forms.ModelForm[Picture]):
    """The words of a picture; a new one comes with its file."""

    class Meta:
        model = Picture
        fields = ["alt"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["alt"].required = True


class NewPictureForm(PictureForm):
    file = forms.FileField(
        label="Picture",
        help_text="PNG, JPEG or WebP, at most 5 MB. It is drawn anew: places and names of cameras"
        " in it are not kept.",
        widget=forms.FileInput({"accept": "image/png, image/jpeg, image/webp"}),
    )
    field_order = ["file", "alt"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        file = self.cleaned_data.get("file")
        if isinstance(file, UploadedFile):
            try:
                new = pictures.read(file)
            except pictures.BadPicture as error:
                self.add_error("file", str(error))
            else:
                pictures.fill(self.instance, new, name=file.name)
        return cleaned


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin[Picture]):
    list_display = ("thumbnail", "alt", "name", "size")
    list_display_links = ("thumbnail", "alt")
    search_fields = ("alt", "name")
    ordering = ("-id",)
    list_per_page = 50
    actions = None
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        return super().get_queryset(request).defer("data")

    def get_form(
        self,
        request: HttpRequest,
        obj: Picture | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        form = NewPictureForm if obj is None else PictureForm
        return super().get_form(request, obj, change, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Picture | None = None) -> Any:
        return ("file", "alt") if obj is None else ("thumbnail", "alt", "name", "size")

    def get_readonly_fields(self, request: HttpRequest, obj: Picture | None = None) -> Any:
        return () if obj is None else ("thumbnail", "name", "size")

    @admin.display(description="picture")
    def thumbnail(self, picture: Picture) -> SafeString:
        return format_html(
            '<img class="thumbnail" src="{}" alt="" loading="lazy">', picture.get_absolute_url()
        )

    @admin.display(description="size")
    def size(self, picture: Picture) -> str:
        return f"{picture.width} × {picture.height}" if picture.width else "\u2013"  # noqa: RUF001

    def has_delete_permission(self, request: HttpRequest, obj: Picture | None = None) -> bool:
        """A picture stays while a published version shows it: versions never change."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not _is_published(obj))


def _is_published(picture: Picture) -> bool:
    texts = Version.objects.annotate(text=Cast("definition", CharField()))
    return texts.filter(text__contains=f'"{picture.token}"').exists()
