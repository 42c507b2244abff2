"""Large assets in pieces, so that a broken connection costs only what was on its way: tus 1.0.0
(https://tus.io/protocols/resumable-upload) with its extensions creation and termination.

The pieces lie in the store below `cache/uploads/<upload>/`, each named by where it begins, so any server can
go on. When the last one is there, the whole is checked and becomes the asset like one that was put.
"""

import re
import secrets
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from shared.api.http.body import refuse_by_head
from shared.api.http.conditional import expectation
from shared.api.http.content import check_content, kind_of, limit_bytes
from shared.api.http.problems import RESPONSES, too_large
from shared.api.routes.context import WithChangeable, WithCreation, WithSettings, WithTrigger
from shared.api.routes.models import creation_url
from shared.errors import BadRequest, PreconditionFailed
from shared.machine.temporary import scratch
from shared.records.creation import Creation, holds
from shared.records.documents import Document, load, save
from shared.records.names import ASSETS, CACHE
from shared.storage import ABSENT

VERSION: Final = "1.0.0"
_FOLDER: Final = "/me/creation/{creation_id:path}/uploads"
_ONE: Final = _FOLDER + "/{upload}"
_BODY: Final = "application/offset+octet-stream"
_UPLOAD: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TUS: Final = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
Length = Annotated[int, Field(ge=0, le=1 << 50)]
Resumable = Annotated[str, Header(description=f"The protocol's version, {VERSION}.")]


class Upload(Document):
    """`cache/uploads/<upload>/upload.json`: what is being put."""

    name: str
    """Of the asset, below `assets/`."""
    length: int
    expect: str | None = None
    """The generation of the asset that it replaces, where the client said so."""


router = APIRouter(tags=["assets"], responses=RESPONSES)


@router.options(_FOLDER, status_code=204)
def describe_uploads(settings: WithSettings) -> Response:
    """What this server can do."""
    able = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination"}
    return Response(status_code=204, headers={**_TUS, **able, "Tus-Max-Size": str(settings.max_upload_bytes)})


@router.post(_FOLDER, status_code=201)
def create_upload(
    creation: WithChangeable,
    trigger: WithTrigger,
    settings: WithSettings,
    request: Request,
    *,
    upload_length: Annotated[Length, Header(description="The whole file's size in bytes.")],
    upload_metadata: Annotated[
        str,
        Header(description="`name` or `filename` and in base64 the asset's name, e.g. `name ZmlsbS5tcDQ=`."),
    ],
    tus_resumable: Resumable = VERSION,
) -> Response:
    """Begin an upload. Send its bytes to the `Location` with PATCH, in as many pieces as you like. If-Match
    and If-None-Match hold until the end: the last piece is refused with 412 if the asset was changed."""
    _check_version(tus_resumable)
    name = _name_in(upload_metadata)
    limit = limit_bytes(kind_of(name, trigger.pipelines.values()), settings.max_upload_bytes)
    if upload_length > limit:
        raise too_large(limit)
    asset = f"{ASSETS}{name}"
    expect = expectation(request.headers, creation.key(asset), creation.stat(asset))
    upload = secrets.token_hex(16)
    save(creation, _note(upload), Upload(name=name, length=upload_length, expect=expect), expect=ABSENT)
    place = creation_url(creation.creation_id, f"uploads/{upload}")
    return Response(status_code=201, headers={**_TUS, "Location": place})


@router.head(_ONE)
def tell_offset(
    creation: WithCreation, upload: str, trigger: WithTrigger, tus_resumable: Resumable = VERSION
) -> Response:
    """How much has arrived: go on from there."""
    _check_version(tus_resumable)
    found = _found(creation, upload)
    offset = _offset(creation, upload)
    if offset == found.length:  # the server died after the last piece
        with scratch() as folder:
            _finish(creation, upload, found, trigger, folder)
    headers = {**_TUS, "Upload-Offset": str(offset), "Upload-Length": str(found.length)}
    return Response(status_code=200, headers=headers)


@router.patch(_ONE, status_code=204)
async def append_piece(
    creation: WithChangeable,
    upload: str,
    trigger: WithTrigger,
    request: Request,
    upload_offset: Annotated[Length, Header(description="Where this piece begins.")],
    tus_resumable: Resumable = VERSION,
) -> Response:
    """The next piece. What arrives of it is kept, also if the connection breaks. After the last one the file
    is checked, and is an asset."""
    _check_version(tus_resumable)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _BODY:
        raise HTTPException(415, f"send the bytes with Content-Type: {_BODY}")
    found = await run_in_threadpool(_found, creation, upload)
    offset = await run_in_threadpool(_offset, creation, upload)
    if upload_offset != offset:
        raise HTTPException(
            409, f"Upload-Offset is {upload_offset}, but {offset} bytes are here; go on there"
        )
    with scratch() as folder:
        path = folder / "piece"
        await _receive(request, path, found.length - offset)
        offset += await run_in_threadpool(_keep, creation, upload, offset, path)
        if offset == found.length:
            await run_in_threadpool(_finish, creation, upload, found, trigger, folder)
    return Response(status_code=204, headers={**_TUS, "Upload-Offset": str(offset)})


@router.delete(_ONE, status_code=204)
def end_upload(creation: WithCreation, upload: str, tus_resumable: Resumable = VERSION) -> Response:
    """Give an upload up and delete its pieces."""
    _check_version(tus_resumable)
    _found(creation, upload)
    _forget(creation, upload)
    return Response(status_code=204, headers=_TUS)


def _check_version(version: str) -> None:
    if version != VERSION:
        raise HTTPException(
            412, f"Tus-Resumable is {version[:20]!r}; use {VERSION}", {"Tus-Version": VERSION}
        )


def _name_in(metadata: str) -> str:
    pairs = dict(pair.strip().partition(" ")[::2] for pair in metadata.split(","))
    encoded = pairs.get("name") or pairs.get("filename")
    if not encoded:
        raise BadRequest("Upload-Metadata: names no asset; send `name <the name in base64>`")
    try:
        return b64decode(encoded, validate=True).decode("utf-8")
    except ValueError as error:
        raise BadRequest(f"Upload-Metadata: the name is not base64 of UTF-8 ({error})") from error


def _place(upload: str) -> str:
    return f"{CACHE}uploads/{upload}/"


def _note(upload: str) -> str:
    return f"{_place(upload)}upload.json"


def _found(creation: Creation, upload: str) -> Upload:
    found = load(creation, _note(upload), Upload)[0] if _UPLOAD.fullmatch(upload) else None
    if found is None:
        raise HTTPException(404, f"there is no upload {upload[:40]!r}; it has ended, or was never begun")
    return found


def _pieces(creation: Creation, upload: str) -> list[tuple[str, int]]:
    """The pieces that follow one another from the start, and their sizes."""
    pieces, offset = [], 0
    for name, info in sorted(creation.list(f"{_place(upload)}pieces/")):
        if name.rpartition("/")[2] == f"{offset:016d}":
            pieces.append((name, info.size_bytes))
            offset += info.size_bytes
    return pieces


def _offset(creation: Creation, upload: str) -> int:
    return sum(size_bytes for _, size_bytes in _pieces(creation, upload))


async def _receive(request: Request, path: Path, most: int) -> None:
    """Write the body to `path`, as far as it arrives; raises 413 as soon as it is too large."""
    refuse_by_head(request, most)
    size_bytes = 0
    with path.open("wb") as file:
        try:
            async for chunk in request.stream():
                size_bytes += len(chunk)
                if size_bytes > most:
                    raise too_large(most)
                await run_in_threadpool(file.write, chunk)
        except ClientDisconnect:
            return


def _keep(creation: Creation, upload: str, offset: int, path: Path) -> int:
    """Store the piece and return its size; raises 409 if another client has sent one meanwhile."""
    size_bytes = path.stat().st_size
    if size_bytes:
        try:
            creation.upload(path, f"{_place(upload)}pieces/{offset:016d}", expect=ABSENT)
        except PreconditionFailed as error:
            raise HTTPException(409, "another client sends this upload at the same time") from error
    return size_bytes


def _finish(creation: Creation, upload: str, found: Upload, trigger: WithTrigger, folder: Path) -> None:
    """Join the pieces, check the whole and make it the asset; a file that is refused is deleted."""
    whole = folder / "whole"
    with whole.open("wb") as file:
        for name, _ in _pieces(creation, upload):
            for chunk in creation.store.stream(creation.key(name)):
                file.write(chunk)
    try:
        check_content(whole, found.name, kind_of(found.name, trigger.pipelines.values()))
    except HTTPException:
        _forget(creation, upload)
        raise
    asset = f"{ASSETS}{found.name}"
    try:
        creation.bring(whole, asset, expect=found.expect)
    except PreconditionFailed as error:
        there = creation.stat(asset)
        _forget(creation, upload)
        if there is None or not holds(there, whole):  # else it was brought before the server died
            raise HTTPException(
                412, f"{found.name} was changed while it was sent; look at it first"
            ) from error
    else:
        _forget(creation, upload)


def _forget(creation: Creation, upload: str) -> None:
    """Delete the pieces, and last the note of the upload."""
    note = _note(upload)
    for name, _ in list(creation.list(_place(upload))):
        if name != note:
            creation.delete(name)
    creation.delete(note)
