"""What people may supply: the types of pictures, and how large pictures, music and texts may be.

To accept another type of picture, add an entry to `PICTURES`. The story's layout, the ad's brief, HTTP and
the messages follow it; `shared/video/frames/decoding.py` must be able to decode it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.errors import InvalidAssets

HEAD_BYTES: Final = 256
"""How much of a file's beginning is enough to recognise its type."""

MOST_JPEG_SCANS: Final = 100
"""A JPEG is decoded again for each of its scans. Cameras write 1, web programs about 10."""
MOST_DECODING_CPU_S: Final = 20
"""Processor time. A picture within the limits below takes at most 8 s on a slow core."""
MOST_DECODING_S: Final = 60
"""Wall-clock time, on a busy machine."""
MOST_DECODING_MIB: Final = 2048
"""Address space of the process that decodes one picture."""
MOST_DECODERS: Final = 4
"""Pictures that one process may have decoded at the same time."""

LEAST_MUSIC_MS: Final = 1000
MOST_MUSIC_S: Final = 3 * 60 * 60
MOST_MUSIC_CHANNELS: Final = 16
MUSIC_RATES_HZ: Final = (4_000, 384_000)
"""Lowest and highest sample rate."""
MOST_MUSIC_CHECK_S: Final = 120
"""Wall-clock time: music of the greatest length is decoded in 20 s."""

MOST_TEXT_BYTES: Final = 1 << 20
"""Of a caption, of a story's options and of a brief, which their readers hold in memory."""


FILM_TYPES: Final = (
    *(".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".ts", ".m2ts", ".mpg", ".mpeg", ".ogv"),
)
SOUND_TYPES: Final = (
    *(".mp3", ".m4a", ".aac", ".wav", ".flac", ".ogg", ".oga", ".opus", ".mka", ".wma", ".aiff"),
)
"""The endings of films and of recordings that are worked on as they are, of any length."""


@dataclass(frozen=True, kw_only=True)
class PictureType:
    """A type of picture that is accepted."""

    format: str
    """Pillow's name for it."""
    name: str
    """Its name in messages."""
    suffixes: Mapping[str, str]
    """File name endings and their media types; the first is the usual one."""
    most_megapixels: int
    """Larger pictures are refused without decoding: decoding stays near 1 GB at most. A JPEG is decoded small
    (up to 6 bytes a pixel if it is progressive), a PNG whole (up to 9), a WebP three times (16)."""
    is_at: Callable[[bytes], bool]
    """Whether a file with this beginning is of this type."""

    @property
    def suffix(self) -> str:
        return next(iter(self.suffixes))


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_bmp(head: bytes) -> bool:
    """Any text may begin with the same two letters: the size of the header that follows is checked, too."""
    return head.startswith(b"BM") and head[14:18] in {bytes((size, 0, 0, 0)) for size in _BMP_HEADERS}


def _brands(head: bytes) -> frozenset[bytes]:
    """Major and compatible brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    box = head[8 : int.from_bytes(head[:4], "big")]
    return frozenset(box[at : at + 4] for at in (0, *range(8, len(box) - 3, 4)))


def _is_avif(head: bytes) -> bool:
    return bool(_brands(head) & {b"avif", b"avis"})


def _is_heif(head: bytes) -> bool:
    return not _is_avif(head) and bool(_brands(head) & _HEIF_BRANDS)


_BMP_HEADERS: Final = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS: Final = frozenset(
    {*(b"heic", b"heix", b"heim", b"heis"), *(b"hevc", b"hevx", b"hevm", b"hevs"), b"mif1", b"msf1"}
)

PICTURES: Final = (
    PictureType(
        format="PNG",
        name="PNG",
        suffixes={".png": "image/png"},
        most_megapixels=100,
        is_at=_starts(b"\x89PNG\r\n\x1a\n"),
    ),
    PictureType(
        format="JPEG",
        name="JPEG",
        suffixes={".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jfif": "image/jpeg"},
        most_megapixels=200,
        is_at=_starts(b"\xff\xd8\xff"),
    ),
    PictureType(
        format="WEBP",
        name="WebP",
        suffixes={".webp": "image/webp"},
        most_megapixels=50,
        is_at=lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    ),
    PictureType(
        format="AVIF",
        name="AVIF",
        suffixes={".avif": "image/avif"},
        most_megapixels=70,
        is_at=_is_avif,
    ),
    PictureType(
        format="HEIF",
        name="HEIC",
        suffixes={".heic": "image/heic", ".heif": "image/heif", ".hif": "image/heif"},
        most_megapixels=70,
        is_at=_is_heif,
    ),
    PictureType(
        format="GIF",
        name="GIF",
        suffixes={".gif": "image/gif"},
        most_megapixels=100,
        is_at=_starts(b"GIF87a", b"GIF89a"),
    ),
    PictureType(
        format="BMP",
        name="BMP",
        suffixes={".bmp": "image/bmp"},
        most_megapixels=100,
        is_at=_is_bmp,
    ),
    PictureType(
        format="TIFF",
        name="TIFF",
        suffixes={".tif": "image/tiff", ".tiff": "image/tiff"},
        most_megapixels=100,
        is_at=_starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ),
)
PICTURE_MEDIA_TYPES: Final = {
    suffix: media_type for each in PICTURES for suffix, media_type in each.suffixes.items()
}
PICTURE_SUFFIXES: Final = tuple(PICTURE_MEDIA_TYPES)


def _listed(words: list[str], *, joint: str) -> str:
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


PICTURE_NAMES: Final = _listed([each.name for each in PICTURES], joint="or")
"""For messages: "PNG, JPEG, … or TIFF"."""


def picture_type_of(head: bytes) -> PictureType | None:
    """The type of picture for a file's beginning, whatever the file's name."""
    return next((each for each in PICTURES if each.is_at(head)), None)


def demand_small_text(name: str, size_bytes: int) -> None:
    """Raise `InvalidAssets` for a text that is too large to fetch."""
    if size_bytes > MOST_TEXT_BYTES:
        limit = f"more than the {MOST_TEXT_BYTES} that a text may have"
        raise InvalidAssets(f"{name}: {size_bytes} bytes, {limit}; shorten it")
