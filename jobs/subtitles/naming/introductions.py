"""Who says their own name."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, Entities, Transcript

_SAYS: Final = {
    "en": r"(?:my name is|i am|i'm|they call me|call me)",
    "de": r"(?:mein name ist|ich heiße|ich bin)",
    "es": r"(?:me llamo|mi nombre es|soy)",
    "fr": r"(?:je m'appelle|mon nom est|je suis)",
    "it": r"(?:mi chiamo|il mio nome è|sono)",
    "pt": r"(?:meu nome é|chamo-me|me chamo|eu sou)",
}


def speaker_names(transcript: Transcript, entities: Entities) -> dict[str, str]:
    """By speaker, the character whose name they say to be theirs; none where two say the same."""
    says = _SAYS.get(transcript.source_language.split("-")[0])
    if says is None:
        return {}
    found: dict[str, Counter[str]] = {}
    for segment in transcript.segments:
        text = (segment.source_text or segment.text).replace("’", "'")
        for person in entities.persons:
            if segment.speaker != UNKNOWN_SPEAKER and _introduces(text, says, (person.name, *person.aliases)):
                found.setdefault(segment.speaker, Counter())[person.name] += 1
    names = {speaker: counted.most_common(1)[0][0] for speaker, counted in found.items()}
    told = Counter(names.values())
    return {speaker: name for speaker, name in names.items() if told[name] == 1}


def _introduces(text: str, says: str, forms: Iterable[str]) -> bool:
    named = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return bool(re.search(rf"\b{says}\s+(?:{named})\b(?!['-]\w)", text, re.IGNORECASE))
