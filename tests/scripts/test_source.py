import threading
from pathlib import Path

import pytest

from scripts import source
from scripts.source import claim_creation, source_of_folder
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.documents import Request, Source, save, utc_now
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "holiday")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    january, february = tmp_path / "jan/holiday", tmp_path / "feb/holiday"
    for folder in (january, february):
        folder.mkdir(parents=True)
    return january, february


def claim(creation: Creation, folder: Path, *, replace: bool = False) -> None:
    claim_creation(creation, source_of_folder(folder, creation), "story", replace=replace)


def test_another_folder_is_refused_by_name_until_it_is_to_replace_the_first(
    creation: Creation, folders: tuple[Path, Path]
) -> None:
    january, february = folders
    claim(creation, january)
    with pytest.raises(BadRequest, match="--replace") as refused:
        claim(creation, february)
    assert all(str(folder) in str(refused.value) for folder in folders)
    claim(creation, february, replace=True)
    claim(creation, february)
    with pytest.raises(BadRequest):
        claim(creation, january)


def test_one_folder_is_itself_by_any_path(
    creation: Creation, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(creation, folders[0])
    (tmp_path / "link").symlink_to(folders[0])
    monkeypatch.chdir(tmp_path)
    for path in ("jan/holiday", "jan/holiday/", "feb/../jan/holiday", "link", str(tmp_path / "link")):
        claim(creation, Path(path))


def test_of_two_folders_at_once_one_gets_the_creation(creation: Creation, folders: tuple[Path, Path]) -> None:
    start, refused = threading.Barrier(2), []

    def go(folder: Path) -> None:
        start.wait()
        try:
            claim(Creation(creation.store, "holiday"), folder)
        except BadRequest as error:
            refused.append(error)

    threads = [threading.Thread(target=go, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_a_bucket_tells_machines_apart_and_a_disk_does_not(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, disk = Creation(MemoryStore(), "holiday"), Creation(FileStore(tmp_path / "store"), "holiday")
    claim(bucket, folders[0])
    claim(disk, folders[0])
    monkeypatch.setattr(source, "_MACHINE_ID", tmp_path / "none")
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    claim(disk, folders[0])
    with pytest.raises(BadRequest, match="another-machine"):
        claim(bucket, folders[0])


def test_a_product_is_not_another_however_it_is_written(creation: Creation) -> None:
    claim_creation(creation, Source(product="Premium Watch"), "ad", replace=False)
    claim_creation(creation, Source(product="premium  watch"), "ad", replace=False)
    with pytest.raises(BadRequest, match=r"Premium Watch.*Premium Bag"):
        claim_creation(creation, Source(product="Premium Bag"), "ad", replace=False)


def test_a_creation_of_another_pipeline_is_refused_before_anything_is_written(
    creation: Creation, folders: tuple[Path, Path]
) -> None:
    now = utc_now()
    save(creation, "request.json", Request(pipeline="ad", requested_at=now, created_at=now), expect=None)
    with pytest.raises(BadRequest, match="pipeline 'ad'"):
        claim(creation, folders[0], replace=True)
    assert [name for name, _ in creation.list("")] == ["request.json"]
