"""A toy pipeline of quick stages, to test the box and the trigger.

    first ─┬─ left ──┬─ last
           ├─ right ─┘          right fans out over the words
           └─ extra             optional

It runs in this process, or as processes: `python -m tests.support.toys <stage> <creation_id>`. The variable
`TOYS_FAULTS` sets the faults of those: `{"<stage>": ["<fault>", <number of attempts>]}`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, cast

from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline, load_pipeline
from shared.platforms import ExecutionState, LaunchOrder, Unattended
from shared.records.creation import Creation, canonical_json
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from shared.worker.entry import stage_main
from shared.worker.inline import InlinePlatform

ROOT: Final = Path(__file__).parent.parent.parent
PIPELINE_FILE: Final = Path(__file__).with_name("toys.yaml")
QUICK: Final = Settings(heartbeat_s=30, stale_after_s=60)
WORDS: Final = b"one two three four five"
When = Literal["before", "after"]
OnCall = Callable[[int, When, str, str], None]
"""Gets a store call's number (from 1), `before` or `after`, its name and the key."""


@cache
def toys() -> Pipeline:
    return load_pipeline(PIPELINE_FILE)


def _words(creation: Creation) -> list[str]:
    return list(json.loads(creation.read("assets/first.json")[0]))


def _part(word: str) -> str:
    return f"cache/parts/{sha256(word.encode()).hexdigest()[:16]}.txt"


def _output(context: Context, name: str, data: bytes) -> Output:
    path = context.scratch / name.replace("/", "+")
    path.write_bytes(data)
    return Output(name=name, path=path, description=f"what {name} says")


def _first(context: Context) -> Result:
    words = context.creation.read("assets/words.txt")[0].decode().split()
    if not words:
        raise BadRequest("assets/words.txt is empty; write some words into it")
    context.progress.update(0.5, f"{len(words)} words")
    output = _output(context, "assets/first.json", canonical_json(words))
    return Result(outputs={"first": output}, metadata={"items": len(words)})


def _left(context: Context) -> Result:
    style = context.creation.read("assets/style.txt")[0].decode()
    text = style.join(word[::-1] for word in _words(context.creation))
    return Result(outputs={"left": _output(context, "assets/left.txt", text.encode())})


def _right(context: Context) -> Result:
    words = _words(context.creation)
    index, count = context.task_index, context.task_count
    mine = words[len(words) * index // count : len(words) * (index + 1) // count]
    for word in mine:
        path = context.scratch / "part"
        path.write_text(word.upper())
        context.creation.upload_once(path, _part(word))
    name = f"assets/right/{index}.txt"
    output = _output(context, name, " ".join(mine).upper().encode())
    return Result(outputs={f"right{index}": output}, metadata={"words": len(mine)})


def _extra(context: Context) -> Result:
    return Result(outputs={"extra": _output(context, "assets/extra.txt", b"nice")}, warnings=("barely used",))


def _last(context: Context) -> Result:
    parts = [_part(word) for word in _words(context.creation)]
    texts = [context.creation.read(name)[0] for name in ("assets/left.txt", *parts)]
    output = _output(context, "assets/last.txt", b"\n".join(texts))
    return Result(outputs={"last": output}, keep={"cache/parts/": frozenset(parts)})


def _first_inputs(_creation: Creation) -> list[str]:
    return ["assets/words.txt"]


def _left_inputs(_creation: Creation) -> list[str]:
    return ["assets/first.json", "assets/style.txt"]


def _right_inputs(_creation: Creation) -> list[str]:
    return ["assets/first.json"]


def _last_inputs(creation: Creation) -> list[str]:
    return ["assets/first.json", "assets/left.txt", *(_part(word) for word in _words(creation))]


_RUNS: Final = {
    "first": (_first_inputs, _first),
    "left": (_left_inputs, _left),
    "right": (_right_inputs, _right),
    "extra": (_first_inputs, _extra),
    "last": (_last_inputs, _last),
}
STAGES: Final = {
    name: Stage(pipeline="toys", name=name, version=1, inputs=inputs, run=run)
    for name, (inputs, run) in _RUNS.items()
}


def with_run(stage: str, run: Callable[[Context], Result]) -> dict[str, Stage]:
    """All stages, with other work for this one."""
    return STAGES | {stage: replace(STAGES[stage], run=run)}


def fill(
    store: ObjectStore, creation_id: str = "toy", *, words: bytes = WORDS, style: bytes = b"-"
) -> Creation:
    """A creation with the input of the first stages."""
    creation = Creation(store, creation_id)
    creation.write("assets/words.txt", words)
    creation.write("assets/style.txt", style)
    return creation


def filled() -> MemoryStore:
    store = MemoryStore()
    fill(store)
    return store


def inline_trigger(
    store: ObjectStore,
    stages: Mapping[str, Stage] = STAGES,
    settings: Settings = QUICK,
    pipeline: Pipeline | None = None,
    **options: Any,
) -> Trigger:
    """A trigger whose stages run in this process, without waiting between attempts."""
    known = {"toys": pipeline or toys()}
    calls = {("toys", name): (lambda stage=stage: stage) for name, stage in stages.items()}
    platform = InlinePlatform(store, settings, known, calls, sleep=lambda _s: None)
    return Trigger(store, platform, known, stale_after_s=settings.stale_after_s, **options)


def run_fused(
    store: ObjectStore,
    creation_id: str = "toy",
    *,
    stages: Mapping[str, Stage] = STAGES,
    settings: Settings = QUICK,
    pipeline: Pipeline | None = None,
) -> RunStatus:
    """Do a whole run, one stage after the other."""
    return finish(inline_trigger(store, stages, settings, pipeline), creation_id)


def finish(trigger: Trigger, creation_id: str = "toy") -> RunStatus:
    status = trigger.start("toys", creation_id)
    while status.status == "pending":
        status = trigger.advance(creation_id)
        if not status.ready:
            time.sleep(0.01)
    return status


def states(status: RunStatus) -> dict[str, str]:
    return {name: stage.state for name, stage in status.stages.items()}


def contents(store: ObjectStore, prefix: str = "toy/assets/") -> dict[str, bytes]:
    return {info.key: store.read(info.key)[0] for info in store.list(prefix)}


def generations(store: ObjectStore, prefix: str = "toy/assets/") -> dict[str, str]:
    return {info.key: info.generation for info in store.list(prefix)}


class FakePlatform(Unattended):
    """Starts no process and records its calls."""

    name = "fake"

    def __init__(
        self, state: Literal["running", "ended", "unknown"] = "unknown", *, reason: str = ""
    ) -> None:
        self.reason = reason
        self.orders: list[LaunchOrder] = []
        self.cancelled: list[str] = []
        self.released: list[str] = []
        self.answer = state

    def check(self, jobs: Collection[str]) -> None:
        """Accepts all jobs."""

    def launch(self, order: LaunchOrder) -> str:
        self.orders.append(order)
        return f"fake-{len(self.orders)}"

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        return ExecutionState(status=self.answer, reason=self.reason)

    def find(self, order: LaunchOrder) -> str | None:
        tokens = [each.token for each in self.orders]
        return f"fake-{tokens.index(order.token) + 1}" if order.token in tokens else None

    def cancel(self, execution: str) -> None:
        self.cancelled.append(execution)

    def release(self, execution: str) -> bool:
        self.released.append(execution)
        return self.answer != "running"


def fake_trigger(store: ObjectStore, platform: FakePlatform | None = None, **options: Any) -> Trigger:
    """A trigger that starts no process."""
    return Trigger(store, platform or FakePlatform(), {"toys": toys()}, **options)


class _Watched:
    """A store that reports each call, before and after."""

    def __init__(self, store: ObjectStore, on_call: OnCall) -> None:
        self._store = store
        self._on_call = on_call
        self._lock = threading.Lock()
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return self._telling(name, method) if callable(method) else method

    def _telling(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._lock:
                self._count += 1
                number = self._count
            key = str(arguments[1] if name == "upload" else arguments[0]) if arguments else ""
            self._on_call(number, "before", name, key)
            try:
                result = method(*arguments, **options)
                return iter(list(result)) if name in ("list", "stream") else result
            finally:
                self._on_call(number, "after", name, key)

        return call


def watched(store: ObjectStore, on_call: OnCall) -> ObjectStore:
    """The store, which calls `on_call` around each call; what that raises, the call raises."""
    return cast("ObjectStore", _Watched(store, on_call))


def signalling(store: ObjectStore, number: signal.Signals, call: int, when: When) -> ObjectStore:
    """The store, which signals its own process before or after one call."""

    def on_call(this: int, side: When, _name: str, _key: str) -> None:
        if (this, side) == (call, when):
            os.kill(os.getpid(), number)

    return watched(store, on_call)


def failing(
    store: ObjectStore, error: Exception, *, call: str, key: str, when: When = "after"
) -> ObjectStore:
    """The store, whose first such call on a key with this end raises, before or after it is done."""
    left = [error]

    def on_call(_number: int, side: When, name: str, of: str) -> None:
        if left and side == when and name == call and of.endswith(key):
            raise left.pop()

    return watched(store, on_call)


def at_once(work: Callable[[], object], *, threads: int) -> None:
    """Do the same in many threads that start together; raises the error of any of them."""
    start = threading.Barrier(threads)
    errors: list[BaseException] = []

    def go() -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=go) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]


def _with_faults(stage: Stage) -> Stage:
    faults = json.loads(os.environ.get("TOYS_FAULTS", "{}"))
    task = f"{stage.name}/{os.environ.get('TASK_INDEX', '0')}"
    fault, hits = faults.get(stage.name) or faults.get(task) or ("none", 0)
    if int(os.environ.get("TASK_ATTEMPT", "0")) >= hits:
        return stage

    def run(context: Context) -> Result:
        _FAULTS[fault](context, stage.name)
        return stage.run(context)

    return replace(stage, run=run)


def _fail(_context: Context, stage: str) -> None:
    raise RuntimeError(f"{stage} broke")


def _refuse(_context: Context, stage: str) -> None:
    raise BadRequest(f"{stage} can't do that; ask for something else")


def _exit(_context: Context, _stage: str) -> None:
    os._exit(3)


def _die(_context: Context, _stage: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze(_context: Context, _stage: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _leave_tool(context: Context, stage: str) -> None:
    """Die while a tool that ignores SIGTERM is running."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    tool = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert tool.stdout is not None
    tool.stdout.readline()
    (Path(os.environ["TOYS_GATE"]) / f"{stage}-tool").write_text(str(tool.pid))
    _die(context, stage)


def _wait(context: Context, stage: str) -> None:
    """Write that it has started (and where its scratch folder is), then work until a file `go` appears."""
    for _ in _waiting(context, stage):
        context.progress.update(0.5, "waiting")


def _wait_deaf(context: Context, stage: str) -> None:
    """The same, without noticing that it should stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in _waiting(context, stage):
        continue


def _waiting(context: Context, stage: str) -> Iterator[None]:
    gate = Path(os.environ["TOYS_GATE"])
    arrival = gate / f"{stage}-{context.task_index}"
    arrival.with_suffix(".part").write_text(f"{os.getpid()} {context.scratch}")
    arrival.with_suffix(".part").replace(arrival)
    while not (gate / "go").exists():
        yield
        time.sleep(0.01)


_FAULTS: Final[dict[str, Callable[[Context, str], None]]] = {
    "fail": _fail,
    "refuse": _refuse,
    "exit": _exit,
    "die": _die,
    "freeze": _freeze,
    "leave tool": _leave_tool,
    "wait": _wait,
    "wait deaf": _wait_deaf,
}


def command(order: LaunchOrder) -> list[str]:
    """The local platform's command for a stage of the toys; the working folder must be the repository."""
    return [sys.executable, "-m", "tests.support.toys", order.stage, order.creation_id]


def main(words: Sequence[str]) -> int:
    """Run a stage with the faults of the environment; returns its exit code."""
    return stage_main(_with_faults(STAGES[words[0]]), PIPELINE_FILE, words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
