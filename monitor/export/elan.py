"""ELAN's annotation format, version 3.0: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf."""

from __future__ import annotations

import mimetypes
import re
from urllib.parse import quote
from xml.etree import ElementTree as ET

from monitor.export.tiers import Tier, tiers
from monitor.result_types import CallResult

_LINGUISTIC_TYPE = "default-lt"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"  # a name, not an address that is fetched

# Surrogates that stand for no byte of a file's name; they come with damaged names on Windows.
_NO_BYTE = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")


def to_elan(result: CallResult) -> str:
    """Write the tiers as an EAF document; the recording is looked for beside it."""
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "Evenkeel",
            # a document needs a date, and the same call shall give the same file
            "DATE": "1970-01-01T00:00:00+00:00",
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    _add_header(root, result)
    found = tiers(result)
    times_ms = sorted({_ms(at_s) for tier in found for mark in tier.marks for at_s in (mark.start_s, mark.end_s)})
    order = ET.SubElement(root, "TIME_ORDER")
    for number, time_ms in enumerate(times_ms, 1):
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=str(time_ms))
    slots = {time_ms: f"ts{number}" for number, time_ms in enumerate(times_ms, 1)}
    last = 0
    for tier in found:
        last = _add_tier(root, tier, slots, last)
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=_LINGUISTIC_TYPE,
        TIME_ALIGNABLE="true",
    )
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_header(root: ET.Element, result: CallResult) -> None:
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if result.source.sha256 is not None:  # a device left no file
        name = quote(_NO_BYTE.sub("?", result.source.name), errors="surrogateescape")
        kind = mimetypes.guess_type(result.source.name)[0] or "audio/x-wav"
        ET.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=f"./{name}", MIME_TYPE=kind, RELATIVE_MEDIA_URL=f"./{name}")


def _add_tier(root: ET.Element, tier: Tier, slots: dict[int, str], last: int) -> int:
    """Add a tier whose annotations are numbered on from `last`, and return the last number given."""
    element = ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF=_LINGUISTIC_TYPE, TIER_ID=tier.name)
    for number, mark in enumerate(tier.marks, last + 1):
        annotation = ET.SubElement(
            ET.SubElement(element, "ANNOTATION"),
            "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=f"a{number}",
            TIME_SLOT_REF1=slots[_ms(mark.start_s)],
            TIME_SLOT_REF2=slots[_ms(mark.end_s)],
        )
        ET.SubElement(annotation, "ANNOTATION_VALUE").text = mark.text
    return last + len(tier.marks)


def _ms(time_s: float) -> int:
    return round(1000 * time_s)
