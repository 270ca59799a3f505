"""Small items and packages of QTI, built for tests: version 2.1 unless a test asks for another one."""

from collections.abc import Mapping
from html import escape

TWO = "http://www.imsglobal.org/xsd/imsqti_v2p1"
THREE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
MATCH = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>'
MAP = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>'
SCORE = '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'


def declaration(
    *correct: str,
    name: str = "RESPONSE",
    kind: str = "identifier",
    cardinality: str = "single",
    mapping: Mapping[str, object] | None = None,
    inside: str = "",
) -> str:
    """A response declaration."""
    values = "".join(f"<value>{escape(value)}</value>" for value in correct)
    right = f"<correctResponse>{values}</correctResponse>" if correct else ""
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{worth}"/>' for key, worth in (mapping or {}).items())
    worth = f'<mapping defaultValue="0">{entries}</mapping>' if mapping else ""
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{kind}">'
        f"{right}{worth}{inside}</responseDeclaration>"
    )


def item(
    body: str, *declarations: str, rules: str = MATCH, key: str = "q1", title: str = "A question", more: str = ""
) -> bytes:
    """An item of version 2.1."""
    return (
        f'<assessmentItem xmlns="{TWO}" identifier="{key}" title="{title}" adaptive="false" timeDependent="false">'
        f"{''.join(declarations)}{SCORE}<itemBody>{body}</itemBody>{rules}{more}</assessmentItem>"
    ).encode()


def choices(*texts: str, several: bool = False, more: str = "") -> str:
    """A choice interaction whose choices are A, B, C …"""
    inside = "".join(
        f'<simpleChoice identifier="{"ABCDEF"[at]}">{text}</simpleChoice>' for at, text in enumerate(texts)
    )
    most = "0" if several else "1"
    head = f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="{most}"{more}>'
    return f"{head}{inside}</choiceInteraction>"


def manifest(*names: str, metadata: str = "", version: str = "2p1", item_metadata: str = "") -> bytes:
    """A manifest of a package whose items have these file names."""
    resources = "".join(
        f'<resource identifier="r{at}" type="imsqti_item_xmlv{version}" href="{name}">'
        f'<metadata>{item_metadata}</metadata><file href="{name}"/></resource>'
        for at, name in enumerate(names)
    )
    return (
        f'<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="m"><metadata>{metadata}</metadata>'
        f"<organizations/><resources>{resources}</resources></manifest>"
    ).encode()


def old_item(
    presentation: str,
    conditions: str = "",
    *,
    ident: str = "q1",
    title: str = "A question",
    more: str = "",
    fields: str = "",
) -> str:
    """An item of version 1.2."""
    metadata = "".join(
        f"<qtimetadatafield><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry></qtimetadatafield>"
        for name, _, value in (field.partition("=") for field in fields.split(";") if field)
    )
    return (
        f'<item ident="{ident}" title="{title}"><itemmetadata><qtimetadata>{metadata}</qtimetadata></itemmetadata>'
        f"<presentation>{presentation}</presentation><resprocessing><outcomes>"
        f'<decvar varname="SCORE" vartype="Decimal" maxvalue="100"/></outcomes>{conditions}</resprocessing>'
        f"{more}</item>"
    )


def old_file(*items: str, title: str = "A quiz", section: str = "") -> bytes:
    """A file of version 1.2 with an assessment."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">'
        f'<assessment ident="a1" title="{title}"><section ident="s1" title="{section}">{"".join(items)}</section>'
        "</assessment></questestinterop>"
    ).encode()


def material(html: str) -> str:
    """A material of HTML."""
    return f'<material><mattext texttype="text/html">{escape(html)}</mattext></material>'


def old_choices(*texts: str, several: bool = False, ident: str = "r1") -> str:
    """A choice of version 1.2 whose choices are A, B, C …"""
    labels = "".join(
        f'<response_label ident="{"ABCDEF"[at]}">{material(text)}</response_label>' for at, text in enumerate(texts)
    )
    cardinality = "Multiple" if several else "Single"
    inside = f"<render_choice>{labels}</render_choice>"
    return f'<response_lid ident="{ident}" rcardinality="{cardinality}">{inside}</response_lid>'


def condition(test: str, score: str = "100", *, action: str = "Set", more: str = "", attributes: str = "") -> str:
    """A condition that sets the score."""
    sets = f'<setvar varname="SCORE" action="{action}">{score}</setvar>' if score else ""
    return f"<respcondition {attributes}><conditionvar>{test}</conditionvar>{sets}{more}</respcondition>"


def equal(value: str, *, ident: str = "r1", case: str = "") -> str:
    """A test for a value."""
    said = f' case="{case}"' if case else ""
    return f'<varequal respident="{ident}"{said}>{escape(value)}</varequal>'
