"""Text files in the encodings that say what they are; other documents by name."""

import codecs
import io
import zipfile

import pytest

from shared.errors import InvalidAssets
from shared.text.plain_text import decoded


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_its_mark_names(mark: bytes, encoding: str) -> None:
    assert decoded(mark + "Café 😀".encode(encoding), "1.txt") == "Café 😀"


def zipped(name: str, content: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{\\rtf1\\ansi Hello}", "an RTF file"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Word document"),
        (zipped("word/document.xml"), "a Word document"),
        (zipped("mimetype", b"application/vnd.oasis.opendocument.text"), "an OpenDocument text"),
        (zipped("a.txt"), "a ZIP archive"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "an HTML page"),
        (b"\xff\xfeA", "not UTF-16"),
        (b"caf\xe9", "not UTF-8"),
        ("A boat".encode("utf-16-le"), "UTF-16 without its mark"),
    ],
)
def test_what_is_no_text_is_called_what_it_is(data: bytes, words: str) -> None:
    with pytest.raises(InvalidAssets) as caught:
        decoded(data, "assets/1/1.txt")
    assert str(caught.value).startswith("assets/1/1.txt: ")
    assert words in str(caught.value)
    assert "save it as" in str(caught.value)
