"""What the stages of the toy pipeline have in common."""

import json
from pathlib import Path

from shared.records.creation import Creation, canonical_json
from shared.stages.stage import Context, Output

PIPELINE_FILE = Path(__file__).with_name("pipeline.yaml")
LIST = "assets/list.json"


def words_of(creation: Creation) -> list[str]:
    words: list[str] = json.loads(creation.read(LIST)[0])["words"]
    return words


def output(context: Context, name: str, text: str) -> Output:
    path = context.scratch / "made"
    path.write_text(text, encoding="utf-8")
    return Output(name=name, path=path, description="made")


def listed(words: list[str]) -> str:
    return canonical_json({"words": words, "recipient": words[0]}).decode()
