"""A theme's fonts and colours as a PPTX holds them, so that a change of its theme changes all slides."""

from typing import TYPE_CHECKING, Any, Final

from lxml import etree
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.opc.constants import RELATIONSHIP_TYPE

from jobs.presenter.drawing.themes import Theme

if TYPE_CHECKING:
    from pptx.presentation import Presentation

_MAIN: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
INK, GROUND = MSO_THEME_COLOR.TEXT_1, MSO_THEME_COLOR.BACKGROUND_1
TITLE, PANEL = MSO_THEME_COLOR.TEXT_2, MSO_THEME_COLOR.BACKGROUND_2
ACCENT, QUIET, LINE = MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_2, MSO_THEME_COLOR.ACCENT_3


def put_theme(presentation: "Presentation", theme: Theme) -> None:
    """Replace the colours and fonts of the presentation's only master."""
    part: Any = presentation.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False))
    root.set("name", theme.name)
    for place, colour in _colours(theme).items():
        slot = root.find(f".//{_MAIN}clrScheme/{_MAIN}{place}")
        assert slot is not None, place
        for old in list(slot):
            slot.remove(old)
        etree.SubElement(slot, f"{_MAIN}srgbClr", val=colour.removeprefix("#").upper())
    for place, font in (("majorFont", theme.fonts.title), ("minorFont", theme.fonts.body)):
        latin = root.find(f".//{_MAIN}fontScheme/{_MAIN}{place}/{_MAIN}latin")
        assert latin is not None, place
        latin.set("typeface", font.family)
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _colours(theme: Theme) -> dict[str, str]:
    content, opening = theme.content, theme.opening
    return {
        "dk1": content.words,
        "lt1": content.colour,
        "dk2": content.title,
        "lt2": theme.panel,
        "accent1": content.accent,
        "accent2": content.quiet,
        "accent3": theme.line,
        "accent4": opening.colour,
        "accent5": opening.accent,
        "accent6": theme.section.accent,
        "hlink": content.accent,
        "folHlink": content.quiet,
    }
