"""subtitle_gen: lays the words out as subtitles, times them in frames and checks them."""

import json
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from jobs.subtitles.cues.formats import write_formats
from jobs.subtitles.cues.making import make_cues
from jobs.subtitles.cues.page import qc_page
from jobs.subtitles.cues.profiles import profile_of
from jobs.subtitles.cues.qc import Report, check
from jobs.subtitles.entry import main
from jobs.subtitles.job.documents import (
    MENDS,
    Cues,
    Media,
    Transcript,
    is_made,
    read_document,
    shown_transcript,
)
from jobs.subtitles.job.names import (
    AUDIO,
    CORRECTED,
    CORRECTIONS,
    CUES,
    MEDIA,
    QC,
    QC_PAGE,
    SOURCE_TRANSCRIPT,
    SUBTITLES,
    TRANSCRIPT,
    subtitles_name,
)
from jobs.subtitles.job.options import JobOptions, options_read, read_options
from shared.records.creation import Creation
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Output, Result, Stage


def run(context: Context) -> Result:
    """The stage's work."""
    creation = context.creation
    options = read_options(creation, context.parameters)
    media = read_document(creation, MEDIA, Media)
    transcript = shown_transcript(creation)
    names = _shown_names(creation, options)
    profile = profile_of(options.profile, transcript.language, sdh=options.sdh)
    context.progress.update(0.1, "laying out the words")
    made = make_cues(transcript, media, profile, names)
    report = check(made.cues, profile, transcript=transcript, fixed=made.fixed)
    outputs = _formats(context, made.cues, source=False)
    if creation.stat(SOURCE_TRANSCRIPT):
        source = read_document(creation, SOURCE_TRANSCRIPT, Transcript)
        rules = profile_of(options.profile, source.language, sdh=options.sdh)
        outputs |= _formats(context, make_cues(source, media, rules, names).cues, source=True)
    outputs["cues"] = write_output(context, CUES, made.cues.to_bytes(), "the subtitles as data")
    outputs["qc"] = write_output(context, QC, report.to_bytes(), "how well they keep the rules")
    outputs["qc_page"] = _page(context, report, made.cues)
    return Result(
        outputs=outputs,
        metadata={
            "cues": report.cues,
            "words": report.words,
            "words_lost": report.words_lost,
            "passed": report.passed,
            "fixed": dict(report.fixed),
            "left": dict(report.left),
            "language": transcript.language,
            "profile": profile.name,
        },
        warnings=() if report.passed else (f"the subtitles break rules of {profile.name}; see {QC_PAGE}",),
        keep={f"{SUBTITLES}source.": frozenset(output.name for output in outputs.values())},
    )


def _shown_names(creation: Creation, options: JobOptions) -> Mapping[str, str]:
    """The names of speakers that are shown, by speaker."""
    if not (options.sdh or options.speaker_labels == "names") or not is_made(creation, CORRECTIONS, MENDS):
        return {}
    found: dict[str, str] = json.loads(creation.read(CORRECTIONS)[0]).get("speaker_names", {})
    return found


def _formats(context: Context, cues: Cues, *, source: bool) -> dict[str, Output]:
    folder = context.scratch / ("source" if source else "subtitles")
    folder.mkdir()
    return {
        f"source_{kind}" if source else kind: Output(
            name=subtitles_name(kind, source=source), path=path, description=f"subtitles, {cues.language}"
        )
        for kind, path in write_formats(cues, folder).items()
    }


def _page(context: Context, report: Report, cues: Cues) -> Output:
    context.progress.update(0.6, "drawing the report")
    audio = context.creation.download(AUDIO, context.scratch / "audio.wav")
    url = "../" * (len(PurePosixPath(SUBTITLES).parts) - 1) + "/".join(PurePosixPath(AUDIO).parts[1:])
    page = qc_page(report, cues, audio, audio_url=url)
    return write_output(context, QC_PAGE, page.encode(), "the report as a page")


def _inputs(_creation: Creation) -> list[str]:
    return [MEDIA, TRANSCRIPT, CORRECTED, SOURCE_TRANSCRIPT, CORRECTIONS, AUDIO]


def _facts(creation: Creation) -> str:
    options = options_read("profile", "speaker_labels", "sdh")(creation)
    return f"{options} {is_made(creation, CORRECTED, MENDS)}"


STAGE: Final = Stage(
    pipeline="subtitles",
    name="subtitle_gen",
    version=2,
    inputs=_inputs,
    run=run,
    facts=_facts,
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
