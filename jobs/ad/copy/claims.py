"""Finding claims of fact in the words of an ad.

Numbers are found in every script, words in the languages below. The advertiser may claim anything: phrases of
the brief are removed before the search, word for word. Elsewhere the copy may repeat a number or a fact from
the brief, but not a rank, a comparison or an opinion: a coffee called `Best Coffee` need not be the best one.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

_OPINIONS: Final = (
    # ranks
    r"best(?:-?sell\w*)?|finest|greatest|fastest|strongest|cheapest|lightest|softest|safest|smartest|purest",
    r"freshest|lowest|highest|toughest|quickest|cleanest|coolest|(?!priest)\w{2,}iest",
    r"(?:the|our|its|a) (?:world's |country's )?most \w+",
    r"(?:world|market|industry)[- ]?(?:class|leading|leader)|leading",
    r"(?:number|no\.?|nr\.?|num[eé]ro|n[uú]mero|#) ?(?:one|1|un|uno|um|eins)|top[- ](?:rated|selling|class)",
    r"second to none|like no other|one of a kind|the only|unmatched|unrivall?ed|unbeatable",
    r"unparall?eled|unsurpassed|flawless|superior|world's first|first[- ]ever|famous|renowned",
    # comparisons
    r"better|faster|stronger|cheaper|safer|smarter|quicker|cleaner|healthier",
    r"(?!(?:rather|other|further)\b)\w{2,}er than|(?:more|less|fewer)(?: \w+){0,2} than",
    r"than (?:any|other|ever)",
    r"unlike|outperform\w*|compared (?:to|with)|(?:twice|double|triple|times) (?:as|the|more|less)",
    r"beats (?:the|any|every|all)",
    # what others think or did
    r"trusted|trustworthy|(?:be)?loved by|beloved|adored|(?:chosen|used|worn|preferred|approved|endorsed) by",
    r"recommend(?:ed|ation\w*)|popular|sought[- ]after|acclaimed|iconic|legendary|award\w*|prize[- ]winning",
    r"rat(?:ed|ings?)|review(?:s|ed)|testimonials?|critics|customers|buyers|clients|bestseller\w*|voted",
    r"(?:leaders?|experts?|professionals?|pros|doctors?|dentists?|chefs?|athletes?|fans|users|people|parents"
    r"|everyone|everybody|the world|millions|thousands|others) (?:everywhere |already |really "
    r"|all )*(?:choose"
    r"|love|trust|use|prefer|agree|recommend|adore|rely|rave|swear|want|wear|drink)s?(?! it when)",
    r"(?:everyone|everybody)(?:'s|’s) favou?rite|join the (?:movement|club|community)|nine out of ten",
    # other languages
    r"beste[mnrs]?|führende\w*|testsieger\w*|preisgekrönt\w*|beliebt\w*|empfohlen\w*|bewährt\w*|besser\w*",
    r"meilleure?s?|mieux|préférée?s?|plébiscit\w*|recommandée?s?|primée?s?|mejor(?:es)?|premiad[oa]s?",
    r"recomendad[oa]s?|miglior[ei]|premiat[oiae]|consigliat[oiae]|melhor(?:es)?|bekroond\w*|najleps\w*",
    r"лучш\w*|рекомендова\w*|любим\w*|en iyi\w*|najbolj\w*|bästa?|bedste",
)
_FACTS: Final = (
    # what is to be shown
    r"proven|proved|guarantee\w*|clinical\w*|scientific\w*|certified|lab[- ]?tested|tested|patented|verified",
    r"stud(?:y|ies) (?:show|prove)s?|research shows|dermatolog\w*|doctors?|dentists?|warranty|risk[- ]free",
    r"cures?|cured|heals?|healing|healthy|anti[- ]?ag(?:e)?ing|weight[- ]loss|pain[- ]free|detox\w*|immune",
    # offers
    r"limited(?:[- ](?:time|edition|offer))?|exclusive\w*|while (?:stocks?|supplies) last|sold out",
    r"selling fast",
    r"last chance|today only|only today|ends (?:soon|today|tonight)|sale|discount\w*|bargain",
    r"affordable|cheap",
    r"save (?:money|up to|big)|(?:half|low|best) price|money[- ]back|refund\w*|price",
    r"(?<!feel )(?<!break )(?<!be )(?<!run )free|\w+-free",
    # newness
    r"(?:brand|all)[- ]new|new(?!(?: (?:day|morning|evening|week|year|start|beginning|chapter|favou?rite|home"
    r"|place|mood|season|light|way|you)\b))|newest|latest|improved|revolution\w*|breakthrough|innovati\w*",
    r"state[- ]of[- ]the[- ]art|cutting[- ]edge|next[- ]gen\w*|(?:just|now) (?:released|launched)",
    # how it is made, of what and where
    r"hand[- ]?(?:made|crafted|finished|stitched|picked|sewn|built|poured|blown|painted)|artisan\w*|crafted",
    r"made (?:in|of|from|with|by|out of)|engineered|designed (?:in|by)|imported|locally|since (?=\d)",
    r"swiss|italian|german|french|japanese|american|british|scandinavian|danish|swedish|dutch|spanish",
    r"chinese",
    r"organic|all[- ]natural|natural ingredients?|vegan|sustainab\w*|eco[- ]?friendly|recycl\w*",
    r"biodegradable",
    r"carbon[- ]neutral|climate[- ]neutral|fair[- ]?trade|genuine|authentic|solid (?:gold|silver|wood|oak)",
    r"leather|titanium|sapphire|(?:stainless )?steel|carbon fib(?:re|er)|cotton|silk|wool|cashmere",
    r"linen|ceramic",
    r"oak|diamonds?|platinum|bamboo|alumini?um|real (?:gold|silver|wood|fur)",
    # what it can do
    r"(?:water|shock|scratch|dust|wind|fire)[- ]?(?:proof|resistant)|long[- ]lasting|lasts|durable",
    r"unbreakable",
    r"lifetime|for life|hypoallergenic|noise[- ]cancell?ing|rechargeable|wireless|calories",
    r"(?:gluten|dairy)\w*",
    # amounts in words
    r"(?:ten |hundred |thousand |a )?(?:dozens|hundreds?|thousands?|millions?|billions?)|countless|per ?cent",
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|ninety)"
    r"(?:[- ]\w+)?[- ](?:years?|hours?|days?|weeks?|months?|minutes?|seconds?|stars?|times|awards?|people"
    r"|generations|out of \w+|in ten)|(?:one|two|three|four|five)[- ]stars?|nine in ten|star rating",
    # other languages
    r"garantier\w*|kostenlos\w*|gratis|klinisch\w*|limitiert\w*|hand(?:gemacht|gefertigt)\w*",
    r"brandneu\w*|erprobt\w*",
    r"tausende\w*|millionen|hunderte\w*|prozent|nachhaltig\w*|garantie?s?|gratuite?s?|prouvée?s?|milliers",
    r"clinique\w*|fait main|pour ?cent|centaines|garantizad[oa]s?|probad[oa]s?|miles|millones|cientos",
    r"hecho a mano|por ciento|garantit[oiae]|gratuit[oiae]|provat[oiae]|migliaia|milioni|centinaia",
    r"fatto a mano",
    r"por cento|per cento|comprovad[oa]s?|milhares|milhões|grátis|gegarandeerd|duizenden|miljoenen|bewezen",
    r"тысяч\w*|миллион\w*|гарант\w*|бесплатн\w*|доказан\w*|процент\w*|tysi[aą]\w*|milion\w*|binlerce",
    r"ücretsiz",
)
_UNSPACED: Final = (
    r"一番|最高|最佳|最好|最强|最強|最新|世界一|日本一|第一|ナンバーワン|ベスト|受賞|获奖|獲獎|冠军|冠軍|満足度|满意度|人気|销量|銷量",
    r"保証|保证|保證|無料|免费|免費|限定|限时|限時|実証|数千|数万|数百|百万|千人|万人|萬人|パーセント|手作り|手工",
    r"최고|최초|최신|보장|무료|한정|수상|만족도|인기|수천|수만|수백|백만|퍼센트|수제",
    r"أفضل|آلاف|ملايين|مضمون|مجان|بالمئة|بالمائة|حصري|सर्वश्रेष्ठ|सबसे|हज़ारों|हजारों|लाखों|करोड़",
    r"गारंटी|मुफ़्त|मुफ्त|प्रतिशत",
    r"ดีที่สุด|รับประกัน|ฟรี|ล้านคน|เปอร์เซ็นต์",
    r"(?!一人|一名)[〇一二三四五六七八九十百千万億萬亿数]+(?:人|名|割|年|冠|位|倍|つ星|星|成)",
)
_NUMBER: Final = r"\d(?:[\d.,'’\u00a0\u202f⁄٫٬]*\d)?(?: ?(?:k|m|mn|mio|bn)\b)?\+?"
_COUNTED: Final = (
    r"[%‰٪]|[^\W\d_a-zà-ɏ]+|stars?|sterne\w*|étoiles|estrellas|stelle|per ?cent|prozent|years?"
    r"|jahre\w*|ans|años|anni"
    r"|(?:\w+ ){0,2}(?:customers?|people|persons?|users?|buyers?|fans?|clients?|owners?|reviews?|ratings?"
    r"|awards?|families|members|friends|countries|stores|kunden|menschen|bewertungen|avis|personnes|clientes|personas"
    r"|reseñas|clienti|persone|recensioni|klanten|mensen)"
)
_SIGNS: Final = r"#\s*\d+|№\s*\d+|[%‰٪★☆⭐🌟✪✭✮✯✰🏆🥇🏅]"
_DIGITS: Final = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x660, 0x1FBFA)
    if unicodedata.category(chr(code)) == "Nd"
}
"""Digits of every script, as those of ASCII."""
_DENSE: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def claims_in(text: str, given: Sequence[str] = ()) -> list[str]:
    """The words of a text, in order, that claim more than `given`, the advertiser's own phrases."""
    held = _plain(" | ".join(given)).casefold()
    rest = _without(_plain(text), [_plain(each) for each in given]).casefold()
    found = []
    for match in _patterns().finditer(rest):
        words = " ".join(match.group().split())
        if match.lastgroup == "opinion" or not _stands_in(words, held):
            found.append(words)
    return list(dict.fromkeys(found))


@cache
def _patterns() -> re.Pattern[str]:
    """All patterns in one; of several that match at a position, the first one counts."""
    number = rf"(?P<number>(?<![^\W\d_]){_NUMBER}(?:[ -]?(?:{_COUNTED}))?|\d+)"
    words = [
        rf"(?P<sign>{_SIGNS})",
        rf"(?P<opinion>(?<!\w)(?:{'|'.join(_OPINIONS)})(?!\w))",
        number,
        rf"(?P<fact>(?<!\w)(?:{'|'.join(_FACTS)})(?!\w)|{'|'.join(_UNSPACED)})",
    ]
    return re.compile("|".join(words))


def _stands_in(words: str, held: str) -> bool:
    return re.search(rf"(?<!\w)(?<!\d[.,]){re.escape(words)}(?!\w)(?![.,]\d)", held) is not None


def _without(text: str, phrases: Iterable[str]) -> str:
    """The text without these phrases, as given or in capitals."""
    for phrase in sorted(filter(None, phrases), key=len, reverse=True):
        for written in dict.fromkeys((phrase, phrase.upper())):
            edges = ("", "") if _DENSE.search(written) else (r"(?<!\w)", r"(?!\w)")
            text = re.sub(f"{edges[0]}{re.escape(written)}{edges[1]}", " | ", text)
    return text


def _plain(text: str) -> str:
    """Normalised text: wide and circled digits as digits, no invisible characters, single spaces."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(seen.translate(_DIGITS).split())
