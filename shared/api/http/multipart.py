"""Forms with files (RFC 7578), written to disk as they arrive; every part has a limit of its own.

Names and types that the sender gives its files are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from shared.api.http.body import refuse_by_head
from shared.api.http.problems import too_large
from shared.errors import BadRequest

MAX_FIELD_BYTES: Final = 4096
_MAX_FIELDS: Final = 32
_MAX_HEADER_BYTES: Final = 4096
_FRAME_BYTES: Final = 64 * 1024
"""For the bytes around the parts."""


@dataclass(kw_only=True)
class Form:
    """The content of a form."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


async def read_form(request: Request, folder: Path, limits: Mapping[str, int]) -> Form:
    """Read the request's body as a form; its files are written into `folder`.

    `limits` says which fields are files, and how many bytes each may have. Raises 413 as soon as a part is
    over its limit, `BadRequest` for an invalid form, and for a field that occurs twice. Bytes after the
    form's end are not read.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadRequest(
            "the form's Content-Type has no boundary; let the client set that header by itself, "
            "e.g. curl -F <field>=<text> -F <field>=@<file>"
        )
    refuse_by_head(request, sum(limits.values()) + _FRAME_BYTES)
    sorter = _Sorter(folder, limits)
    try:
        parser = _parser(boundary, sorter)
        async for chunk in request.stream():
            parser.write(chunk)
            await run_in_threadpool(sorter.write_down)
            if sorter.is_whole:
                break
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"the body is not a multipart form: {error}") from error
    finally:
        sorter.close()
    if not sorter.is_whole:
        raise BadRequest("the form ends before its last part does; send it again")
    return sorter.form


def _parser(boundary: bytes, sorter: "_Sorter") -> MultipartParser:
    return MultipartParser(
        boundary,
        {
            "on_part_begin": sorter.on_part_begin,
            "on_header_field": sorter.on_header_field,
            "on_header_value": sorter.on_header_value,
            "on_header_end": sorter.on_header_end,
            "on_headers_finished": sorter.on_headers_finished,
            "on_part_data": sorter.on_part_data,
            "on_part_end": sorter.on_part_end,
            "on_end": sorter.on_end,
        },
        max_header_size=_MAX_HEADER_BYTES,
    )


class _Sorter:
    """Receives the parser's calls; files' bytes wait in memory until `write_down`, which may block."""

    def __init__(self, folder: Path, limits: Mapping[str, int]) -> None:
        self.form = Form()
        self.is_whole = False
        self._folder = folder
        self._limits = limits
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._name = ""
        self._is_named = False
        self._size = 0
        self._text = bytearray()
        self._files: dict[str, BinaryIO] = {}
        self._waiting: list[tuple[str, bytes]] = []

    def on_part_begin(self) -> None:
        self._disposition, self._size, self._text = b"", 0, bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if not self._name:
            raise BadRequest("a part of the form has no name; name each field")
        self._is_named = bool(options.get(b"filename"))
        shown = self._name[:60]
        if self._name in self.form.fields or self._name in self.form.files:
            raise BadRequest(f"{shown}: comes twice; send it once")
        if self._name in self._limits:
            path = self._folder / self._name
            self.form.files[self._name] = path
            self._files[self._name] = path.open("wb")
        elif b"filename" in options:
            raise BadRequest(f"{shown}: is not a file field; the file fields are {', '.join(self._limits)}")
        elif len(self.form.fields) == _MAX_FIELDS:
            raise BadRequest(f"the form has more than {_MAX_FIELDS} fields; leave out what is not needed")
        else:
            self.form.fields[self._name] = ""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        limit = self._limits.get(self._name, MAX_FIELD_BYTES)
        if self._size > limit:
            raise too_large(limit, self._name[:60])
        if self._name in self._limits:
            self._waiting.append((self._name, data[start:end]))
        else:
            self._text += data[start:end]

    def on_part_end(self) -> None:
        if self._name in self._limits:
            if not (self._size or self._is_named):  # a browser's way to say that no file was chosen
                del self.form.files[self._name]
            return
        try:
            self.form.fields[self._name] = self._text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadRequest(f"{self._name[:60]}: is not UTF-8; send it as UTF-8") from error

    def on_end(self) -> None:
        self.is_whole = True

    def write_down(self) -> None:
        """Write the waiting bytes to the files."""
        for name, data in self._waiting:
            self._files[name].write(data)
        self._waiting.clear()

    def close(self) -> None:
        for file in self._files.values():
            file.close()
