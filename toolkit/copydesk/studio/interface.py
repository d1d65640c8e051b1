"""A labelling schema goes in, Label Studio's labelling configuration and the annotators' instructions come out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from copydesk.errors import SchemaError
from copydesk.model.guidelines import example_faults, markdown
from copydesk.model.schema import CHOSEN, Attribute, Label, LabelSchema, RelationType
from copydesk.model.schema_parts import WRITTEN
from copydesk.studio.marked import colours, with_marks

TEXT = "text"  # the object that they are drawn on; also the key of a task's data that holds the text
NOTE = "review_note"  # the key of a task's data that a reviewer writes to the annotator
_TAGS = frozenset(
    [
        "View",
        "Header",
        "Labels",
        "Label",
        "Relations",
        "Relation",
        "Text",
        "Choices",
        "Choice",
        "TextArea",
        "Number",
        "DateTime",
        "Rating",
        "Taxonomy",
        "Style",
    ]
)
# pre-wrap keeps blanks, tabs and line ends as they are, so that what is seen is what the offsets count
_SHEET = "white-space: pre-wrap"
_HINT = "Click a marked span to say more about it."
_STYLES = Path(__file__).parent


def to_config(schema: LabelSchema) -> str:
    """Make the labelling configuration (XML) of a schema.

    Keys of a task's data that it needs: ``text`` and ``review_note``. Regions belong to the control of their label's group; each
    attribute is a control of its own name, shown beside the text for the region that is selected, and each category one that is
    always shown there.
    """
    root = ET.Element("View")
    ET.SubElement(root, "Style").text = style_sheet("screen.css")
    ET.SubElement(root, "Header", value=f"${NOTE}", size="5")
    bar = ET.SubElement(root, "View", className="copydesk-labels")
    for group in schema.groups:
        labels = ET.SubElement(bar, "Labels", name=group, toName=TEXT, showInline="true")
        labels.extend(_label(label) for label in schema.labels if label.group == group)
    if schema.relations:
        relations = ET.SubElement(root, "Relations")
        relations.extend(_relation(relation) for relation in schema.relations)
    desk = ET.SubElement(root, "View", className="copydesk-desk")
    sheet = ET.SubElement(desk, "View", className="copydesk-sheet", style=_SHEET)
    # granularity "word" would take every possessive in: with it, "Assad" in "Assad's" cannot be marked at all
    ET.SubElement(sheet, "Text", name=TEXT, value=f"${TEXT}", granularity="symbol", showLabels="true")
    if schema.attributes or schema.categories:
        details = ET.SubElement(desk, "View", className="copydesk-details")
        if schema.attributes:
            hint = ET.SubElement(details, "View", visibleWhen="no-region-selected")
            ET.SubElement(hint, "Header", value=_HINT, size="5")
        details.extend(_titled(attribute, schema) for attribute in schema.attributes)
        details.extend(_category(category) for category in schema.categories)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")  # without a line end: the server would cut it off, and differ


def check_config(config: str) -> None:
    """Refuse a labelling configuration that Label Studio would not show as meant.

    Label Studio's own LabelInterface checks it first; what that lets pass is checked here: mistyped tags, names and labels
    that stand twice, a missing ``Text``, a value without ``$``. Raises SchemaError naming all that is wrong.
    """
    wrong = _own_faults(_parsed(config)) or _interface_faults(config)
    if wrong:
        raise SchemaError(
            "labelling configuration: " + "; ".join(wrong), fix="correct the schema that it was made from"
        )


def instructions(schema: LabelSchema) -> str:
    """Make the instructions that annotators see (HTML) from the schema's guidelines (Markdown).

    Marked examples are shown as annotators will see their own marks. HTML within the guidelines is shown as text, links may not
    run scripts, and pictures are left out, since they would be fetched from elsewhere. Without guidelines, the labels with their
    keys and definitions are listed. Raises SchemaError where an example does not obey the schema, with its line.
    """
    wrong = example_faults(schema.guidelines, schema)
    if wrong:
        raise SchemaError(
            f"schema {schema.name}, guidelines.md: " + "; ".join(wrong), fix="correct each line named above"
        )
    html = with_marks(markdown()).render(schema.guidelines or _listed(schema))
    style = f"{style_sheet('guidelines.css')}\n{colours(schema.labels)}"
    return f'<style>{style}</style>\n<div class="copydesk-guidelines">\n{html}</div>'


def _label(label: Label) -> ET.Element:
    optional = {"hotkey": label.hotkey, "background": label.colour, "hint": label.definition}
    return ET.Element("Label", {"value": label.name, **_given(optional)})


def _relation(relation: RelationType) -> ET.Element:
    return ET.Element("Relation", value=relation.name)


def _titled(attribute: Attribute, schema: LabelSchema) -> ET.Element:
    """Put the attribute's name above its control, and show both only for a region that may carry it."""
    when = _when(attribute, schema)
    view = ET.Element("View", {"visibleWhen": "region-selected", **when})
    ET.SubElement(view, "Header", value=attribute.name, size="5")
    shown = {"visibleWhen": "region-selected", **when} if when else {}
    view.append(_control(attribute, {"perRegion": "true", **shown}))
    return view


def _category(category: Attribute) -> ET.Element:
    """What is said of the whole document, under its name."""
    view = ET.Element("View", className="copydesk-category")
    ET.SubElement(view, "Header", value=category.name, size="5")
    must = {"required": "true", "requiredMessage": f"Say the {category.name} of the document"}
    view.append(_control(category, must if category.required else {}))
    return view


def _control(said: Attribute, more: dict[str, str]) -> ET.Element:
    common = {"name": said.name, "toName": TEXT, **more}
    if said.kind in CHOSEN:
        return _choices(said, common)
    if said.kind in WRITTEN:
        one_line = {"rows": "1", "maxSubmissions": "1", "editable": "true"}
        return ET.Element("TextArea", {**common, **one_line, **_given({"placeholder": said.placeholder})})
    if said.kind in {"date", "datetime"}:
        return ET.Element("DateTime", {**common, "only": "date" if said.kind == "date" else "date,time"})
    return ET.Element("Rating" if said.kind == "rating" else "Number", common)


def _choices(said: Attribute, common: dict[str, str]) -> ET.Element:
    if said.kind == "taxonomy":
        root = ET.Element("Taxonomy", common)
        for path, _ in said.choices:
            _grow(root, path.split("/"))
        return root
    with_keys = any(hotkey for _, hotkey in said.choices)
    one = "single" if with_keys else "single-radio"
    choices = ET.Element(
        "Choices", {**common, "choice": "multiple" if said.kind == "choices" else one, "showInline": "true"}
    )
    choices.extend(ET.Element("Choice", {"value": name, **_given({"hotkey": hotkey})}) for name, hotkey in said.choices)
    return choices


def _grow(parent: ET.Element, path: Sequence[str]) -> None:
    """Put the choices of a path below one another, each once."""
    for name in path:
        there = next((one for one in parent if one.get("value") == name), None)
        parent = ET.SubElement(parent, "Choice", value=name) if there is None else there


def _when(attribute: Attribute, schema: LabelSchema) -> dict[str, str]:
    """Say which regions show an attribute; where it is all of a group of labels, the group is named alone."""
    if not attribute.labels:
        return {}
    group = schema.group_of(attribute.labels[0])
    if set(attribute.labels) == {label.name for label in schema.labels if label.group == group}:
        return {"whenTagName": group}
    return {"whenTagName": group, "whenLabelValue": ",".join(attribute.labels)}


def style_sheet(name: str) -> str:
    """Read one of the style sheets beside this file, without its comments."""
    return re.sub(r"/\*.*?\*/\s*", "", (_STYLES / name).read_text(encoding="utf-8"), flags=re.DOTALL).strip()


def _given(values: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _parsed(config: str) -> ET.Element:
    try:
        return ET.fromstring(config)
    except ET.ParseError as error:
        raise SchemaError(f"labelling configuration: not XML: {error}", fix="correct it at that place") from error


def _own_faults(root: ET.Element) -> list[str]:
    elements = list(root.iter())
    wrong = [f"unknown tag <{one.tag}>" for one in elements if one.tag not in _TAGS]
    wrong += [f"name {name!r} stands twice" for name in _twice([one.get("name", "") for one in elements])]
    texts = [one for one in elements if one.tag == "Text"]
    if [one.get("value", "") for one in texts] != [f"${TEXT}"]:
        wrong.append(f'expected one <Text value="${TEXT}"/>')
    controls = [one for one in elements if one.tag in {"Labels", "Choices"}]
    if not any(one.tag == "Labels" for one in controls):
        wrong.append("expected <Labels>")
    for control in controls:
        values = [one.get("value", "") for one in control]
        wrong += [f"{control.get('name')}: {value!r} stands twice" for value in _twice(values)]
        wrong += [f"{control.get('name')}: an empty value" for value in values if not value]
    wrong += [f"hotkey {key!r} stands twice" for key in _twice([one.get("hotkey", "") for one in elements])]
    return wrong


def _twice(values: Sequence[str]) -> list[str]:
    return sorted(value for value, times in Counter(values).items() if value and times > 1)


def _interface_faults(config: str) -> list[str]:
    from label_studio_sdk._legacy.exceptions import LabelStudioValidationErrorSentryIgnored as InvalidError
    from label_studio_sdk._legacy.exceptions import LabelStudioXMLSyntaxErrorSentryIgnored as NotXmlError
    from label_studio_sdk.label_interface.interface import LabelInterface

    try:
        LabelInterface(config).validate()  # type: ignore[no-untyped-call]
    except (NotXmlError, InvalidError) as error:
        return [str(error)]
    return []


def _listed(schema: LabelSchema) -> str:
    lines = [f"# {schema.title}", ""]
    lines += [f"- **{label.name}**, key `{label.hotkey or '-'}`: {label.definition}" for label in schema.labels]
    return "\n".join(lines)
