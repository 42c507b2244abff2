"""The process that compiles protos: `python -m shared.blueprints.protos.compiler <idle_s>`.

It reads requests as lines of JSON on stdin, `{"files": {name: text}, "main": name}`, and answers each with a
line on stdout: `{"set": <FileDescriptorSet in base64>}` or `{"problem": <protoc's messages>}`.
"""

import base64
import json
import os
import resource
import select
import signal
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Final

from grpc_tools import protoc

MOST_S: Final = 20
_MOST_MIB: Final = 1024
_STDERR: Final = 2


def main(idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    if sys.platform == "linux":  # other systems count it differently
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MIB << 20, _MOST_MIB << 20))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(_STDERR, sys.stdout.fileno())
    while select.select([sys.stdin], [], [], idle_s)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        signal.setitimer(signal.ITIMER_REAL, MOST_S)
        said = _answer(json.loads(line))
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(said).encode() + b"\n")
        answers.flush()


def _answer(asked: dict[str, Any]) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="reelwright-") as folder, tempfile.TemporaryFile() as said:
        for name, text in asked["files"].items():
            Path(folder, name).write_text(text, encoding="utf-8")
        out = Path(folder, "set.binpb")
        arguments = [
            *("protoc", f"--proto_path={folder}", f"--proto_path={files('grpc_tools') / '_proto'}"),
            *("--include_imports", f"--descriptor_set_out={out}", asked["main"]),
        ]
        if _compile(arguments, said) == 0:
            return {"set": base64.b64encode(out.read_bytes()).decode()}
        said.seek(0)
        text = said.read().decode("utf-8", "replace").replace(f"{folder}/", "")
        return {"problem": text.strip() or "protoc refused it without a reason"}


def _compile(arguments: list[str], said: BinaryIO) -> int:
    """protoc's exit code; what it says goes to `said`, since it writes to the descriptor itself."""
    kept = os.dup(_STDERR)
    os.dup2(said.fileno(), _STDERR)
    try:
        return int(protoc.main(arguments))
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


if __name__ == "__main__":
    main(float(sys.argv[1]))
