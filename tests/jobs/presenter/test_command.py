"""What `reelwright run presenter` says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jobs.presenter.command import TalkFiles, make_talk
from jobs.presenter.talk import check_talk
from shared.errors import BadRequest, StageFailed
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.memory import MemoryStore


@dataclass
class Desk:
    """Brings the assets and checks them; a run then ends with an error."""

    error: Exception | None = None
    settings: Settings = field(default_factory=Settings)

    def make(
        self, pipeline: str, creation_id: str, source: object, bring: Callable[[Creation], None], **_: Any
    ) -> None:
        assert (pipeline, bool(source)) == ("presenter", True)
        creation = Creation(MemoryStore(), creation_id)
        bring(creation)
        check_talk(creation, {})
        if self.error:
            raise self.error

    def make_of_folder(self, *_: object, **__: object) -> None:
        raise AssertionError


def put(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_errors_name_the_users_own_files(tmp_path: Path) -> None:
    empty = put(tmp_path, "my words.md", "***")
    with pytest.raises(BadRequest) as refused:
        make_talk(Desk(), None, TalkFiles(text=empty), {})
    assert str(refused.value) == f"{empty}: holds no words; write what is to be said"
    text, face = put(tmp_path, "words.md", "Hello."), put(tmp_path, "face.PNG", "no picture")
    for error in (BadRequest("'assets/avatar.png' is no picture"), StageFailed("draw", "assets/avatar.png")):
        with pytest.raises(type(error)) as failed:
            make_talk(Desk(error), "a", TalkFiles(text=text, avatar=face), {})
        assert str(face) in str(failed.value)
        assert "assets/" not in str(failed.value)


def test_a_voice_that_nobody_has_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    text = put(tmp_path, "words.md", "Hello.")
    with pytest.raises(BadRequest, match="voice: 'nobody' is unknown"):
        make_talk(Desk(StageFailed("a", "b")), None, TalkFiles(text=text), {"voice": "nobody"})
