"""What each call of the JSON API asks for, and the answer that Cloud Storage gives.

Formats: https://cloud.google.com/storage/docs/json_api/v1/objects, and for uploads
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any, BinaryIO, Final

from tests.emulators.cloud_storage_objects import CHUNK_BYTES, STEP_BYTES, Objects, Refused, Resource, Session

_KNOWN_PARAMETERS: Final = frozenset(
    {
        *("alt", "prettyPrint", "projection", "generation", "uploadType", "upload_id", "name", "project"),
        *("prefix", "pageToken", "maxResults"),
        *(f"if{what}{how}" for what in ("Generation", "Metageneration") for how in ("Match", "NotMatch")),
    }
)


class Broken(Exception):
    """The connection ends here."""


class Incoming:
    """A request's body."""

    def __init__(self, file: Any, length: int) -> None:
        self._file, self._left, self._until = file, length, -1

    def break_half_way(self) -> None:
        """Let the second half never arrive."""
        if not self._left:
            raise Broken
        self._until = self._left // 2

    def read(self, most: int = -1) -> bytes:
        """At most so many bytes, or all that are left; nothing at the end."""
        allowed = self._left - max(self._until, 0)
        if self._until >= 0 and (most < 0 or not allowed):
            raise Broken
        data: bytes = self._file.read(min(allowed, most) if most >= 0 else allowed)
        if not data and self._left:
            raise Broken
        self._left -= len(data)
        return data

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.read(STEP_BYTES):
            yield chunk

    def drain(self) -> None:
        self._until = -1
        for _ in self.chunks():
            continue


@dataclass
class Call:
    """One request."""

    operation: str
    bucket: str
    key: str
    parameters: dict[str, str]
    headers: Message
    incoming: Incoming
    base_url: str = ""

    def refined(self) -> "Call":
        """The call with the operation that its parameters make it."""
        if unknown := self.parameters.keys() - _KNOWN_PARAMETERS:
            raise Refused(501, "notImplemented", f"the emulator doesn't know {sorted(unknown)}")
        if self.operation == "objects.get" and self.parameters.get("alt") == "media":
            return replace(self, operation="objects.media")
        if self.operation == "objects.insert" and self.parameters.get("uploadType") == "resumable":
            return replace(self, operation="resumable.start")
        return self

    def json(self) -> Resource:
        found = json.loads(self.incoming.read() or b"{}")
        return dict(found)


@dataclass
class Answer:
    """One response; its body is bytes, or a part of a file."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: BinaryIO | None = None
    span: range = range(0)

    @classmethod
    def of(cls, value: object, status: int = 200) -> "Answer":
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return cls(status=status, headers=headers, body=json.dumps(value).encode())

    @property
    def length(self) -> int:
        return len(self.span) if self.file else len(self.body)

    def chunks(self, most: int) -> Iterator[bytes]:
        """The first `most` bytes."""
        if self.file is None:
            yield self.body[:most]
            return
        self.file.seek(self.span.start)
        while most and (chunk := self.file.read(min(CHUNK_BYTES, most))):
            most -= len(chunk)
            yield chunk

    def close(self) -> None:
        if self.file:
            self.file.close()


def refusal(refused: Refused, *, plain: bool = False) -> Answer:
    """The error as the JSON API tells it; a download's is plain text."""
    if plain:
        headers = {"Content-Type": "text/html; charset=UTF-8"}
        return Answer(status=refused.status, headers=headers, body=refused.message.encode())
    detail = {"message": refused.message, "domain": "global", "reason": refused.reason}
    error = {"code": refused.status, "message": refused.message, "errors": [detail]}
    return Answer.of({"error": error}, refused.status)


class Calls:
    """Does what calls ask for."""

    def __init__(self, objects: Objects, page_size: int) -> None:
        self._objects = objects
        self._page_size = page_size
        self._deeds = {
            "buckets.get": lambda call: Answer.of(objects.bucket(call.bucket)),
            "buckets.insert": lambda call: Answer.of(objects.create_bucket(call.json()["name"])),
            "objects.get": lambda call: Answer.of(objects.get(call.bucket, call.key, call.parameters)),
            "objects.media": self._media,
            "objects.list": self._list,
            "objects.delete": self._delete,
            "objects.patch": self._patch,
            "objects.insert": self._insert,
            "resumable.start": self._start,
            "resumable.chunk": self._chunk,
            "resumable.cancel": self._cancel,
        }

    def do(self, call: Call, kind: str) -> Answer:
        """Raises `Refused`, or `Broken` when the body does not arrive; `kind` is the fault that strikes."""
        name = call.parameters.get("upload_id", "")
        if kind == "lost-session":
            self._objects.forget(name)
        if kind == "short-chunk":
            with self._objects.session(name) as session:
                return self._kept_short(call, session)
        return self._deeds[call.operation](call)

    def _media(self, call: Call) -> Answer:
        resource, file = self._objects.open(call.bucket, call.key, call.parameters)
        size = int(resource["size"])
        asked = call.headers.get("Range")
        try:
            span = _span(asked, size)
        except Refused:
            file.close()
            raise
        headers = {
            "Content-Type": resource.get("contentType", "application/octet-stream"),
            "X-Goog-Generation": resource["generation"],
            "X-Goog-Metageneration": resource["metageneration"],
            "X-Goog-Hash": f"crc32c={resource['crc32c']},md5={resource['md5Hash']}",
            "X-Goog-Storage-Class": resource["storageClass"],
            "X-Goog-Stored-Content-Length": resource["size"],
            "X-Goog-Stored-Content-Encoding": resource.get("contentEncoding", "identity"),
            "ETag": resource["etag"],
        }
        if asked:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        return Answer(status=206 if asked else 200, headers=headers, file=file, span=span)

    def _list(self, call: Call) -> Answer:
        after = base64.urlsafe_b64decode(call.parameters.get("pageToken", "")).decode()
        limit = min(int(call.parameters.get("maxResults", self._page_size)), self._page_size)
        items, last = self._objects.list(call.bucket, call.parameters.get("prefix", ""), after, limit)
        page: Resource = {"kind": "storage#objects"}
        if items:
            page["items"] = items
        if last:
            page["nextPageToken"] = base64.urlsafe_b64encode(last.encode()).decode()
        return Answer.of(page)

    def _delete(self, call: Call) -> Answer:
        self._objects.delete(call.bucket, call.key, call.parameters)
        return Answer(status=204)

    def _patch(self, call: Call) -> Answer:
        return Answer.of(self._objects.patch(call.bucket, call.key, call.parameters, call.json()))

    def _insert(self, call: Call) -> Answer:
        path = self._objects.new_file()
        try:
            if call.parameters.get("uploadType") == "multipart":
                wanted, data = _parts(call.headers.get("Content-Type", ""), call.incoming.read())
                path.write_bytes(data)
            else:
                wanted = {"name": call.parameters["name"], "contentType": call.headers.get("Content-Type")}
                with path.open("wb") as file:
                    file.writelines(call.incoming.chunks())
            wanted.setdefault("name", call.parameters.get("name"))
            return Answer.of(self._objects.insert(call.bucket, wanted, call.parameters, path))
        except (Refused, Broken):
            path.unlink(missing_ok=True)
            raise

    def _start(self, call: Call) -> Answer:
        wanted = call.json()
        wanted.setdefault("name", call.parameters.get("name"))
        wanted.setdefault("contentType", call.headers.get("X-Upload-Content-Type"))
        name = self._objects.start(call.bucket, wanted, call.parameters)
        where = f"{call.base_url}/upload/storage/v1/b/{call.bucket}/o?uploadType=resumable&upload_id={name}"
        return Answer(headers={"Location": where, "X-GUploader-UploadID": name})

    def _chunk(self, call: Call) -> Answer:
        with self._objects.session(call.parameters["upload_id"]) as session:
            first, total = _content_range(call.headers.get("Content-Range", ""))
            if session.result is None and first is not None:
                _receive(call.incoming, session, first)
            if session.result is None and total != session.received:
                _demand_step(call, session)
                return _so_far(session)
            call.incoming.drain()
            return Answer.of(self._objects.finish(session))

    def _kept_short(self, call: Call, session: Session) -> Answer:
        first, _ = _content_range(call.headers.get("Content-Range", ""))
        if session.result is None and first is not None:
            before = session.received
            _receive(call.incoming, session, first)
            half = (before + session.received) // 2
            _shorten(session, max(before, half - half % STEP_BYTES))
        return _so_far(session)

    def _cancel(self, call: Call) -> Answer:
        self._objects.forget(call.parameters["upload_id"])
        return Answer(status=499)


def _span(asked: str | None, size: int) -> range:
    """The bytes that `Range: bytes=<first>-[<last>]` or `bytes=-<count>` asks for."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "bytes=0-")
    if not found or not (found[1] or found[2]):
        raise Refused(501, "notImplemented", f"Range: {asked}: the emulator doesn't know this")
    if found[1]:
        span = range(int(found[1]), min(int(found[2] or size) + 1, size))
    else:
        span = range(max(size - int(found[2]), 0), size)
    if asked and not span:
        raise Refused(416, "requestedRangeNotSatisfiable", "The requested range cannot be satisfied.")
    return span


def _content_range(text: str) -> tuple[int | None, int | None]:
    """First byte and total of `bytes <first>-<last>/<total>`; None for a `*`."""
    found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", text)
    if not found:
        raise Refused(400, "invalid", f"Content-Range: {text!r}")
    return (int(found[1]) if found[1] else None), (None if found[2] == "*" else int(found[2]))


def _receive(incoming: Incoming, session: Session, first: int) -> None:
    """Keep what is new of a chunk that begins at byte `first`; what was received before is passed over."""
    known = session.received - first
    if known < 0:
        raise Refused(400, "invalid", f"{-known} bytes before byte {first} are missing.")
    try:
        with session.path.open("ab") as file:
            for chunk in incoming.chunks():
                file.write(chunk[known:] if known > 0 else chunk)
                known -= len(chunk)
    except Broken:
        _shorten(session, session.received - session.received % STEP_BYTES)
        raise


def _demand_step(call: Call, session: Session) -> None:
    if session.received % STEP_BYTES:
        excess = session.received % STEP_BYTES
        _shorten(session, session.received - excess)
        raise Refused(
            400, "invalid", f"A chunk that isn't the last has {excess} bytes over a step of 256 KiB."
        )


def _shorten(session: Session, size: int) -> None:
    with session.path.open("ab") as file:
        file.truncate(size)


def _so_far(session: Session) -> Answer:
    headers = {"Range": f"bytes=0-{session.received - 1}"} if session.received else {}
    return Answer(status=308, headers=headers)


def _parts(content_type: str, body: bytes) -> tuple[Resource, bytes]:
    """Description and bytes of a multipart/related upload."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not found:
        raise Refused(400, "invalid", f"Content-Type: {content_type!r} has no boundary.")
    line = b"--" + found[1].encode()
    _, description, rest = body.split(line, 2)
    head, data = rest[: rest.rindex(b"\r\n" + line + b"--")].split(b"\r\n\r\n", 1)
    wanted: Resource = json.loads(description.split(b"\r\n\r\n", 1)[1])
    said = re.search(rb"content-type: *([^\r\n]+)", head, re.IGNORECASE)
    if said:
        wanted.setdefault("contentType", said[1].decode())
    return wanted, data
