"""The names of all assets of the pipeline, below a creation. The folders are those of the dated tree."""

from typing import Final

from shared.records.names import ASSETS

FILM_STEM: Final = "film"
"""The film or the sound is `assets/film.<type>`."""
OPTIONS: Final = f"{ASSETS}film.json"
SCRIPT: Final = f"{ASSETS}script.txt"
"""What is said, if it is known: then it is only timed."""
SIDECAR: Final = f"{ASSETS}tmdb.json"
"""Facts about the film in TMDB's format, instead of a key."""

AUDIO: Final = f"{ASSETS}audio/audio.wav"
MEDIA: Final = f"{ASSETS}metadata/media.json"
TMDB: Final = f"{ASSETS}metadata/tmdb_data.json"
TMDB_PROMPT: Final = f"{ASSETS}prompts/tmdb_prompt.txt"
ENTITIES: Final = f"{ASSETS}entities/pre_ner.json"
PROMPT: Final = f"{ASSETS}prompts/ner_enhanced_prompt.txt"
SILERO: Final = f"{ASSETS}vad/silero_segments.json"
PYANNOTE: Final = f"{ASSETS}vad/pyannote_segments.json"
SPEECH: Final = f"{ASSETS}vad/speech_segments.json"
"""Both voice activity detections, merged."""
SPEAKERS: Final = f"{ASSETS}diarization/speaker_segments.json"
TRANSCRIPT: Final = f"{ASSETS}transcription/transcript.json"
"""In the language of the subtitles."""
SOURCE_TRANSCRIPT: Final = f"{ASSETS}transcription/source.json"
"""In the language of the film, if that is another."""
CORRECTED: Final = f"{ASSETS}transcription/transcript_corrected.json"
CORRECTIONS: Final = f"{ASSETS}entities/post_ner.json"
SUBTITLES: Final = f"{ASSETS}subtitles/"
CUES: Final = f"{SUBTITLES}cues.json"
QC: Final = f"{SUBTITLES}qc.json"
QC_PAGE: Final = f"{SUBTITLES}qc.html"
FINAL_STEM: Final = "final_output"
"""The film with its subtitles is `assets/final_output.<type>`."""


def subtitles_name(format_name: str, *, source: bool = False) -> str:
    """The subtitles in a format (`srt`, `vtt`, `ass`, `ttml`); `source`: in the language of the film, if that
    is another."""
    return f"{SUBTITLES}{'source' if source else 'subtitles'}.{format_name}"
