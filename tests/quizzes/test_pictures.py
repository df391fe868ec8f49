"""Pictures are drawn anew: pixels come through, and nothing else."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from apps.quizzes import pictures
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Picture, Upload
from tests.factories import UserFactory
from tests.quizzes.drafts import QUALIFY, published
from tests.quizzes.images import opened, picture, png
from tests.quizzes.test_kinds import ONE_TIER, begin, quiz_of

SECRET = b"52.5200N-13.4050E"


def drawn(data, **more):
    return pictures.drawn(data, **{"longest": 2_000, **more})


def with_secrets(form):
    """Return a picture with a place in its EXIF, its comment, its text and behind its end."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    more = {"exif": exif}
    if form == "PNG":
        more["pnginfo"] = PngImagePlugin.PngInfo()
        more["pnginfo"].add_text("Comment", SECRET.decode())
    return picture(form, **more) + SECRET


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_nothing_but_pixels_comes_through(form):
    data = with_secrets(form)
    assert SECRET in data
    new = drawn(data)
    assert SECRET not in new.data
    assert (new.type, new.width, new.height) == ("image/webp", 8, 6)
    assert not opened(new.data).getexif()
    assert new == drawn(data)


def test_a_picture_stands_upright():
    image = Image.new("RGB", (4, 2), "black")
    out = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(out, "JPEG", exif=exif)
    assert (drawn(out.getvalue()).width, drawn(out.getvalue()).height) == (2, 4)


def test_what_one_can_see_through_stays_so():
    new = drawn(png(mode="RGBA", colour=(0, 128, 128, 0)), opaque="JPEG")
    assert new.type == "image/webp"
    assert opened(new.data).convert("RGBA").getpixel((0, 0))[3] == 0
    assert drawn(png(), opaque="JPEG").type == "image/jpeg"


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK", "RGB", "RGBA"])
def test_every_mode_of_colour_is_read(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert drawn(picture(form, mode=mode, colour=0)).width == 8


def test_a_large_picture_is_made_smaller():
    assert drawn(png(size=(400, 100)), longest=200).width == 200


def bomb(width, height):
    """Return the head of a PNG that claims to be this large, and little else."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff" + b"\0" * 100,
        picture("GIF", mode="P", colour=0),
        picture("TIFF"),
        png(size=(300, 300))[:200],
        bomb(5_000, 5_000),
        bomb(10_000, 10_000),
        bomb(60_000, 60_000),
        bomb(20_000, 1),
        bomb(2**31 - 1, 2**31 - 1),
        bomb(0, 5),
        bomb(100, 100),
    ],
)
def test_what_is_no_fit_picture_is_refused(data):
    with pytest.raises(pictures.BadPicture):
        drawn(data)


def test_damaged_pictures_are_read_or_refused():
    whole = [picture(form, size=(60, 40)) for form in ("PNG", "JPEG", "WEBP")]
    for data in whole:
        for place in range(0, len(data), max(1, len(data) // 40)):
            broken = data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :]
            try:
                assert drawn(broken).width <= 2_000
            except pictures.BadPicture:
                continue


# --- In the admin ------------------------------------------------------------------------

PICTURES = "/admin/quizzes/picture/"


@pytest.fixture
def marketer(client, db):
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    return client


def test_an_author_adds_a_picture_with_its_words(marketer):
    file = SimpleUploadedFile("team.png", with_secrets("PNG"), content_type="image/png")
    sent = marketer.post(f"{PICTURES}add/", {"file": file, "alt": "Our team at a table"})
    assert sent.status_code == 302, sent.text
    kept = Picture.objects.get()
    assert (kept.name, str(kept), kept.width) == ("team.png", "Our team at a table", 8)
    shown = marketer.get(kept.get_absolute_url())
    assert shown["Content-Type"] == "image/webp"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert SECRET not in shown.content
    assert f'src="{kept.get_absolute_url()}"' in marketer.get(PICTURES).text


@pytest.mark.parametrize(
    ("data", "alt", "why"),
    [
        (png(), "", "This field is required"),
        (b"<script>alert(1)</script>", "A picture", "no picture that can be read"),
        (bomb(9_000, 9_000), "A picture", "24 million pixels"),
        (b"\xff\xd8\xff" + b"\0" * 5_000_001, "A picture", "at most 5 MB"),
    ],
)
def test_a_picture_that_cannot_be_kept_is_refused_with_a_word(marketer, data, alt, why):
    answer = marketer.post(
        f"{PICTURES}add/", {"file": SimpleUploadedFile("a.png", data), "alt": alt}
    )
    assert (answer.status_code, why in answer.text) == (200, True)
    assert not Picture.objects.exists()


def kept(**more):
    file = SimpleUploadedFile("a.png", png(**more))
    return pictures.add(file, alt="A fruit & a leaf")


@pytest.mark.django_db
def test_questions_and_result_pages_show_a_picture_with_its_own_words(client):
    shown = kept()
    questions = [{"key": "q", "kind": "statement", "title": "Look", "picture": shown}]
    tiers = [{**ONE_TIER[0], "picture": shown}]
    published({"title": "K", "slug": "kinds", "questions": questions, "tiers": tiers})
    image = f'src="{shown.get_absolute_url()}" alt="A fruit &amp; a leaf"'
    url = begin(client)
    assert image in client.get(url).text
    assert image in client.get(client.post(url, {"revision": "0"})["Location"]).text


def test_a_picture_stays_while_a_version_shows_it(marketer):
    used, free = kept(), kept()
    quiz = published({**QUALIFY, "tiers": [{**QUALIFY["tiers"][0], "picture": used}]})
    quiz.tiers.update(picture=None)
    for one in (used, free):
        marketer.post(f"{PICTURES}{one.pk}/delete/", {"post": "yes"})
    assert list(Picture.objects.all()) == [used]


@pytest.mark.django_db
def test_forms_and_freezing_leave_the_bytes_where_they_are(django_assert_max_num_queries):
    shown = kept()
    quiz = published({**QUALIFY, "tiers": [{**QUALIFY["tiers"][0], "picture": shown}]})
    with django_assert_max_num_queries(12) as queries:
        freeze(quiz)
    assert not [query for query in queries if '"data"' in query["sql"]]


# --- Of respondents ------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_picture_of_a_respondent_is_drawn_anew_and_a_pdf_stays_as_it_is(client):
    quiz_of("file")
    for name, data in (("me.png", with_secrets("JPEG")), ("cv.pdf", b"%PDF-1.7 " + SECRET)):
        file = SimpleUploadedFile(name, data)
        assert client.post(begin(client), {"file": file, "revision": "0"}).status_code == 303
    drawn_anew, paper = Upload.objects.order_by("pk")
    assert (drawn_anew.name, drawn_anew.type) == ("me.jpg", "image/jpeg")
    assert SECRET not in bytes(drawn_anew.data)
    assert (paper.name, bytes(paper.data)) == ("cv.pdf", b"%PDF-1.7 " + SECRET)
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    sent = client.get(f"/admin/quizzes/response/file/{paper.token}/")
    assert sent["Content-Disposition"] == 'attachment; filename="cv.pdf"'
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Content-Security-Policy"] == "sandbox"
