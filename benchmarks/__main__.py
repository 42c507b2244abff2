"""`python -m benchmarks [name ...]`: prints figures, and ratios measured in one run."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from unittest.mock import patch

from benchmarks.ads import Crowd, asset_phase, branch_alone, crowd, stand_ins
from benchmarks.ai_effect import rows_per_second
from benchmarks.assist import asked
from benchmarks.creations import listed
from benchmarks.hearing import LANGUAGES, speakers
from benchmarks.languages import WAYS
from benchmarks.measure import Measured, measure
from benchmarks.polling import cloud_storage, polls
from benchmarks.stories import write_story
from benchmarks.studio import as_figures, used, watched

_ROUNDS = 3


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def speed(root: Path) -> None:
    """Frames per second of our renderer, of x264 alone, and of MoviePy, on the same timeline."""
    write_story(root / "creation/assets", 20)
    frames = "600"
    made = measure(["fused", f"file://{root}", "creation"])
    say(f"  20 parts, {made.said['frames']:.0f} frames of 1080x1920, made whole in {made.wall_s:.1f} s")
    measure(["draw_raw", str(root), frames])
    names = ("x264_program", "x264_segments", "native")
    rounds: dict[str, list[Measured]] = {name: [] for name in names}
    for _ in range(_ROUNDS):
        for name in names:
            rounds[name].append(measure([name, str(root), frames]))
    engine, plain = (
        measure([name, str(root), "300"], packages=os.environ.get("MOVIEPY"))
        for name in ("moviepy_engine", "moviepy_plain")
    )
    rates = {name: median(_rate(done) for done in runs) for name, runs in rounds.items()}
    ours, peak = rates["native"], max(done.peak_mb for done in rounds["native"])
    alone = max(rates["x264_program"], rates["x264_segments"])
    say(f"  x264 alone, one ffmpeg with all threads     {rates['x264_program']:7.1f} frames/s")
    say(f"  x264 alone, segments side by side           {rates['x264_segments']:7.1f} frames/s")
    say(f"  rendering (motion, fades, captions, x264)   {ours:7.1f} frames/s, peak {peak:.0f} MB")
    for name, done in (("MoviePy 2 with its own effects", plain), ("our moviepy engine", engine)):
        say(f"  {name:43s} {_rate(done):7.1f} frames/s, peak {done.peak_mb:.0f} MB")
    say(f"  rendering / x264 alone (the faster)         {ours / alone:7.2f}")
    say(f"  rendering / x264 alone (one ffmpeg)         {ours / rates['x264_program']:7.2f}")
    say(f"  rendering / MoviePy                         {ours / _rate(plain):7.1f}   (aim: at least 12)")
    say(f"  rendering / our moviepy engine              {ours / _rate(engine):7.1f}")
    say(f"  memory / MoviePy's                          {peak / plain.peak_mb:7.2f}   (aim: at most 0.33)")


def _rate(done: Measured) -> float:
    return float(done.said["frames"] / done.said["seconds"])


def memory(root: Path) -> None:
    """Peak memory of the whole pipeline, for 5 and for 200 parts."""
    peaks = {}
    for parts in (5, 200):
        place = root / str(parts)
        place.mkdir()
        write_story(place / "creation/assets", parts)
        done = measure(["fused", f"file://{place}", "creation"])
        peaks[parts] = done.peak_mb
        frames = f"{done.said['frames']:.0f} frames"
        say(f"  {parts:3d} parts, {frames}: peak {done.peak_mb:.0f} MB, {done.wall_s:.0f} s")
    say(f"  200 parts / 5 parts: {peaks[200] / peaks[5]:.2f}   (aim: about 1, and at most 400 MB)")


def edit(root: Path) -> None:
    """The time after an edit of one caption of 20 parts, compared with a full run."""
    write_story(root / "creation/assets", 20)
    whole = measure(["fused", f"file://{root}", "creation"])
    (root / "creation/assets/7/1.txt").write_text("Now this part says something else than it did before.")
    again = measure(["fused", f"file://{root}", "creation"])
    nothing = measure(["fused", f"file://{root}", "creation"])
    for name, done in (("all", whole), ("one edit", again)):
        segments = f"{done.said['rendered']:.0f} of {done.said['segments']:.0f} segments"
        say(f"  {name + ':':9s} {done.wall_s:6.2f} s, {done.cpu_s:6.2f} s of CPU, {segments} rendered")
    say(f"  nothing:  {nothing.wall_s:6.2f} s, {nothing.cpu_s:.2f} s of CPU for all three stages")
    say(
        f"  one edit / all: {again.cpu_s / whole.cpu_s:.3f} of the CPU, "
        f"{again.wall_s / whole.wall_s:.3f} of the time   (aim: at most 0.15)"
    )


def polling(root: Path) -> None:
    """Status polling over HTTP by 8 clients, with few and with many creations in the store."""
    found = {"file": polls((root / "store").as_uri(), {}, (10, 1000))}
    with cloud_storage() as url, patch.dict(os.environ, STORAGE_EMULATOR_HOST=url):
        found["gs (emulator)"] = polls("gs://reelwright", {}, (10, 1000))
    for store, by_size in found.items():
        for size, polled in by_size.items():
            rate = f"{store:13s} {size:5d} creations: {polled.per_second:6.0f} requests/s"
            say(f"  {rate}, half within {polled.median_ms:.1f} ms, 95 of 100 within {polled.slow_ms:.1f} ms")
        say(
            f"  {store:13s} 1000 / 10: {by_size[1000].median_ms / by_size[10].median_ms:.2f}   (aim: about 1)"
        )


def creations(root: Path) -> None:
    """The list of 10,000 creations in a folder, over HTTP."""
    found = listed(root / "store", 10_000)
    say(f"  cold: {found.shown} creations after {found.first_s:.2f} s   (aim: within 2 s)")
    say(f"  cold: all of them after {found.whole_s:.2f} s")
    for name, timed in found.pages.items():
        times = f"half within {timed.median_ms:5.1f} ms, the slowest {timed.slowest_ms:5.1f} ms"
        say(f"  {name:10s} {timed.total:6d} match: {times}, {timed.cpu_ms:.1f} ms of CPU   (aim: 100 ms)")
    say(f"  /healthz: half within {found.health_ms:.1f} ms")
    say(f"  memory: {found.memory_kib / 1024:.0f} MiB more, {found.memory_kib / 10_000:.1f} KiB a creation")
    say(f"  another process's new creation is listed after {found.appears_s:.1f} s   (aim: 2 s)")


def studio(root: Path) -> None:
    """The studio in Chromium, and 200 clients that watch one run."""
    for place in ("page", "crowd"):
        (root / place).mkdir()
    for name, value, aim in as_figures(used(root / "page"), watched(root / "crowd")):
        say(f"  {name:42s} {value}" + (f"   (aim: {aim})" if aim else ""))


def assist(_root: Path) -> None:
    """`POST /assist` over one connection and over 64."""
    for requests, connections in ((200, 1), (1_000, 64)):
        found = asked(requests, connections)
        times = f"half within {found['median_ms']} ms, 99 of 100 within {found['p99_ms']} ms"
        say(f"  {requests} requests over {connections}: {times}, {found['requests_per_s']} requests/s")
        say(f"  IDs given twice: {found['ids_twice']}, requests lost: {found['lost']}")


def compositing(root: Path) -> None:
    """Frames per second of compositing an ad (clips, words, transitions), and of x264 alone."""
    place, module = str(root), "benchmarks.compositing"
    whole = measure(["make_ad", place, "luxury"], module=module)
    say(f"  an ad of {whole.said['frames']:.0f} frames of 1080x1920, made whole in {whole.wall_s:.1f} s")
    measure(["draw_raw", place], module=module)
    rounds: dict[str, list[Measured]] = {"x264_alone": [], "render": []}
    for _ in range(_ROUNDS):
        for name, runs in rounds.items():
            runs.append(measure([name, place], module=module))
    alone, ours = (median(_rate(done) for done in runs) for runs in rounds.values())
    cpu_alone, cpu_ours = (median(done.cpu_s for done in runs) for runs in rounds.values())
    peak = max(done.peak_mb for done in rounds["render"])
    say(f"  x264 alone, one ffmpeg with all threads     {alone:7.1f} frames/s, {cpu_alone:.1f} s of CPU")
    say(f"  compositing                                 {ours:7.1f} frames/s, {cpu_ours:.1f} s of CPU")
    say(f"  peak memory of compositing                  {peak:7.0f} MB")
    say(f"  compositing / x264 alone                    {ours / alone:7.2f}   (aim: at least 0.8)")


def slides(root: Path) -> None:
    """Frames per second of a talk's film (slides that stand still, a figure), and of x264 alone."""
    place, frames, module = str(root), "960", "benchmarks.slides"
    made = measure(["make", place, frames], module=module)
    measure(["draw_raw", place, frames], module=module)
    say(f"  {made.said['shots']} states of slides, {frames} frames of 1920x1080")
    rounds: dict[str, list[Measured]] = {"x264_program": [], "x264_segments": [], "render": []}
    for _ in range(_ROUNDS):
        for name, runs in rounds.items():
            runs.append(measure([name, place, frames], module=module))
    rates = {name: median(map(_rate, runs)) for name, runs in rounds.items()}
    cpu_s = {name: median(done.cpu_s for done in runs) for name, runs in rounds.items()}
    names = {
        "x264_program": "x264 alone, one ffmpeg with all threads",
        "x264_segments": "x264 alone, segments side by side",
        "render": "rendering",
    }
    for name, words in names.items():
        say(f"  {words:43s} {rates[name]:7.1f} frames/s, {cpu_s[name]:.1f} s of CPU")
    peak = max(done.peak_mb for done in rounds["render"])
    say(f"  peak memory of rendering                    {peak:7.0f} MB")
    for name in ("x264_program", "x264_segments"):
        speed, work = rates["render"] / rates[name], cpu_s[name] / cpu_s["render"]
        say(f"  rendering / {names[name]:40s}{speed:5.2f}, by CPU {work:.2f}   (aim: at least 0.9)")


def sound(root: Path) -> None:
    """CPU for the sound of a talk without music, and for the same with denormal floats in its pauses."""
    module = "benchmarks.sound"
    made = measure(["speak", str(root)], module=module)
    rounds: dict[str, list[Measured]] = {"mixed": [], "ringing": []}
    for _ in range(_ROUNDS):
        for name, runs in rounds.items():
            runs.append(measure([name, str(root)], module=module))
    cpu_s = {name: median(done.cpu_s for done in runs) for name, runs in rounds.items()}
    files = {done.said["sha256"] for runs in rounds.values() for done in runs}
    say(f"  {made.said['seconds']:.0f} s, half of them pauses: {cpu_s['mixed']:.2f} s of CPU")
    say(f"  with denormal floats: {cpu_s['ringing']:.2f} s of CPU, the same bytes: {len(files) == 1}")
    say(f"  without / with: {cpu_s['mixed'] / cpu_s['ringing']:.2f}")


def assets(root: Path) -> None:
    """The asset phase of an ad with three parallel branches: 2 s a voice, 6 s a clip, 1 s a picture."""
    with stand_ins() as environ:
        for way, fused in (("all in one process", True), ("a process for each stage", False)):
            place = root / way.replace(" ", "-")
            phase = asset_phase(place / "phase", environ, fused=fused)
            alone_s = branch_alone(place / "phase", place / "alone", environ)
            say(f"  {way}: {phase.seconds:.1f} s from the end of the script to the last asset")
            for name, branch in phase.branches.items():
                say(f"    {name:9s} began after {branch.after_s:4.1f} s, took {branch.took_s:5.1f} s")
            ratio = phase.seconds / phase.slowest_s
            say(f"    phase / its slowest branch   {ratio:6.2f}   (aim: at most 1.15)")
            say(f"    phase / video_gen by itself  {phase.seconds / alone_s:6.2f}   ({alone_s:.1f} s)")


def twenty(root: Path) -> None:
    """20 ads posted at once over HTTP, with the built-in providers."""
    _tell(crowd(root, 20))


def _tell(made: Crowd) -> None:
    posts_s, ads_s = made.posts_s, made.ads_s
    posts = f"half answered within {median(posts_s):.2f} s, all within {posts_s[-1]:.2f} s"
    say(f"  {len(posts_s)} POSTs at once: {posts}")
    if ads_s:
        first_s, half_s, all_s = ads_s[0], median(ads_s), ads_s[-1]
        say(f"  the first ad done after {first_s:.0f} s, half after {half_s:.0f} s, all after {all_s:.0f} s")
        say(f"  {60 * len(ads_s) / all_s:.2f} ads/minute, peak memory of all processes {made.peak_mb:.0f} MB")
    for name, loads in made.stages.items():
        waits_s = sorted(load.waited_s for load in loads)
        took_s, cpu_s = median(load.took_s for load in loads), median(load.cpu_s for load in loads)
        peak = max(load.peak_mib for load in loads)
        waited = f"waited {median(waits_s):6.1f} s, at most {waits_s[-1]:6.1f} s"
        say(f"  {name:11s} {waited}; took {took_s:5.1f} s, {cpu_s:5.1f} s of CPU, {peak} MiB")
    say(f"  failures: {len(made.failures)}   (aim: 0)")
    if made.failures:
        raise SystemExit("\n".join(made.failures))


def languages(_root: Path) -> None:
    """How well the model, and small tables of words, detect the languages of short captions."""
    found = {way: measure([way], module="benchmarks.languages") for way in WAYS}
    kinds = found["model"].said["scores"]
    say(f"  {'right':42s}" + "".join(f"{way:>14s}" for way in found))
    for kind in kinds:
        scores = (done.said["scores"][kind] for done in found.values())
        say(f"  {kind:42s}" + "".join(f"{right:8d} of {count:3d}" for right, count in scores))
    costs = {
        "CPU to load": ("load_s", "s"),
        "CPU per caption": ("caption_ms", "ms"),
        "package": ("package_mb", "MB"),
    }
    for what, (name, unit) in costs.items():
        figures = (done.said[name] for done in found.values())
        say(f"  {what:42s}" + "".join(f"{figure:11.2f} {unit:2s}" for figure in figures))
    say(f"  {'peak memory':42s}" + "".join(f"{done.peak_mb:11.0f} MB" for done in found.values()))
    for line in found["model"].said["wrong"]:
        say(f"  model, {line}")


def voices(root: Path) -> None:
    """Our voices and espeak: words misunderstood (Whisper base), pace, word times, speed, memory."""
    columns = {"WER": 7, "words/min": 11, "pitch": 8, "starts": 8, "ends": 7, "CPU s/s": 9, "memory": 9}
    say(" " * 24 + "".join(f"{name:>{width}s}" for name, width in columns.items()))
    for language in LANGUAGES:
        for provider, voice in speakers(language):
            place = root / f"{language}-{provider}-{voice}"
            place.mkdir()
            done = measure(["speak", str(place), provider, voice, language], module="benchmarks.hearing")
            heard = measure(["transcribe", str(place), language], module="benchmarks.hearing").said
            timed = (
                measure(["align", str(place)], module="benchmarks.hearing").said if language == "en" else {}
            )
            near = [f"{timed[edge]['near']:.0%}" if timed else "" for edge in ("start", "end")]
            wrong = len(heard["wrong"]) / heard["words"]
            say(
                f"  {language:6s}{provider:8s}{voice:8s}{wrong:7.1%}{done.said['words_per_minute']:11.0f}"
                f"{done.said['pitch_hz']:5.0f} Hz{near[0]:>8s}{near[1]:>7s}{done.said['cpu_per_s']:9.2f}"
                f"{done.peak_mb:6.0f} MB"
            )
            for warning in done.said["warnings"]:
                say(f"  {'':6s}{warning}")
    say("  WER of Japanese and Chinese is by sounds and tones; only English is aligned")
    say("  aims: WER at most 1.5 % for ada in English, 12 % in other languages; 90 % of starts and 85 % of")
    say("  ends within 40 ms of a forced alignment; at most 700 MB")


def subtitles(root: Path) -> None:
    """Ten minutes of known words over music and noise, beside plain faster-whisper with the same weights."""
    place, module = str(root), "benchmarks.subtitles"
    beds = ("none", "music-15", "music-5", "noise-10")
    made = measure(["talk", place, "600", *beds], module=module).said
    say(f"  {made['seconds']:.0f} s, {made['words']} words, three voices")
    columns = "starts (median, 95 %)  cues broken  reading speed  lost  VAD F1   DER   speed"
    say(f"  over       who     WER    {columns}")
    for bed in beds:
        for way in ("ours", "plain"):
            done = measure([way, place, bed, "2"], module=module)
            found, speed = done.said, made["seconds"] / done.said["seconds"]
            own = " " * 18
            if way == "ours":
                own = f"{found['lost']:4d}{found['vad_f1']:8.3f}{found['der']:6.1%}"
            say(
                f"  {bed:10s} {way:6s}{found['wer']:6.1%}{found['start_median_ms']:10.0f} ms"
                f"{found['start_95_ms']:7.0f} ms{found['hard_broken']:8d} of{found['cues']:4d}"
                f"{found['reading_speed']:13.1%}{own}{speed:8.1f}x, {done.peak_mb:.0f} MB"
            )
    alone = measure(["ours", place, "none", "1"], module=module)
    say(f"  ours on one core: {made['seconds'] / alone.said['seconds']:.1f}x real time")
    for told, words in (("no", "not told"), ("yes", "told"), ("false", "told, of a talk without them")):
        named = measure(["names", place, told], module=module).said
        say(f"  names {words}: {named['right']} of {named['names']} right, {named['false']} false")
    say("  aims: WER at most 3 % without and 6 % with noise; starts 20 and 80 ms; none broken; speed 98 %;")
    say("  VAD at least .96 and .95; DER at most 15 %; 70 % of names right, none false")


def long_film(root: Path) -> None:
    """Memory of the subtitles pipeline for ten minutes and for two hours."""
    module = "benchmarks.subtitles"
    for seconds in (600, 7200):
        place = root / str(seconds)
        place.mkdir()
        made = measure(["talk", str(place), str(seconds), "none"], module=module).said
        done = measure(["ours", str(place), "none", "2"], module=module)
        speed = made["seconds"] / done.said["seconds"]
        say(f"  {made['seconds']:.0f} s: peak {done.peak_mb:.0f} MB, {speed:.1f}x real time")


def ai_effect(root: Path) -> None:
    """AI-Effect's example with a million rows, beside the same work in one pandas process."""
    for line in rows_per_second(root):
        say(line)


_BENCHMARKS: dict[str, Callable[[Path], None]] = {
    "speed": speed,
    "memory": memory,
    "edit": edit,
    "polling": polling,
    "creations": creations,
    "studio": studio,
    "assist": assist,
    "compositing": compositing,
    "slides": slides,
    "sound": sound,
    "assets": assets,
    "twenty": twenty,
    "languages": languages,
    "voices": voices,
    "subtitles": subtitles,
    "long_film": long_film,
    "ai_effect": ai_effect,
}


def main() -> None:
    for name in sys.argv[1:] or _BENCHMARKS:
        say(f"{name}: {_BENCHMARKS[name].__doc__}")
        with tempfile.TemporaryDirectory(prefix="reelwright-bench-") as folder:
            _BENCHMARKS[name](Path(folder))


if __name__ == "__main__":
    main()
