"""Pictures and exports: well-formed, complete, escaped, and no text on another."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from tests.procedures.walk import FILES, load
from townkeeper.procedures.bpmn import MODEL, bpmn
from townkeeper.procedures.diagram import svg
from townkeeper.procedures.graph import order
from townkeeper.procedures.language import parse
from townkeeper.procedures.layout import SIZE, SMALL, text_width
from townkeeper.procedures.wording import limit_text

SVG = "{http://www.w3.org/2000/svg}"
BPMN = f"{{{MODEL}}}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
LANGUAGES = ("zh-Hant", "zh-Hans", "en")
EVERY = [(key, lang) for key in FILES for lang in LANGUAGES]
ODD = {
    "procedure": "odd",
    "title": {"en": "<Odd> & “more”"},
    "start": "a",
    "steps": {
        "a": {
            "performer": "x",
            "title": {"en": "A <script>alert(1)</script>"},
            "branches": {"one": {"limit": "20:30"}, "two": {"title": {"en": "T&T"}}},
            "join": "any",
            "actions": {"again": "a", "lost": "nowhere", "go": "z", "a-note-with-a-long-name": {}},
        },
        "alone": {"performer": "y", "limit": "whenever", "actions": {"go": {"to": "z"}}},
        "z": {"final": True},
    },
}


def texts(root):
    """Yield (text, left, top, right, bottom) of every text in the picture."""
    for element in root.iter(f"{SVG}text"):
        size = SMALL if element.get("font-size") else SIZE
        width = text_width(element.text, size)
        x, y = float(element.get("x")), float(element.get("y"))
        left = {"start": x, "middle": x - width / 2, "end": x - width}[element.get("text-anchor")]
        yield element.text, left, y - size * 0.85, left + width, y + size * 0.15


def overlap(one, other):
    return one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]


@pytest.mark.parametrize(("key", "lang"), EVERY)
def test_no_text_lies_on_another_or_outside(key, lang):
    root = ET.fromstring(svg(load(key), lang, names={"supervisor": "督查督辦中心主管"}))  # noqa: S314
    found = list(texts(root))
    for index, one in enumerate(found):
        assert one[1] >= 0
        assert one[3] <= float(root.get("width"))
        for other in found[index + 1 :]:
            assert not overlap(one, other), (one, other)


@pytest.mark.parametrize(("key", "lang"), EVERY)
def test_every_title_of_every_step_and_action_is_in_the_picture(key, lang):
    procedure = load(key)
    picture = svg(procedure, lang)
    for step in procedure.steps.values():
        for part in (step, *step.actions.values(), *step.branches):
            assert part.title[lang] in picture


def test_a_picture_has_no_script_no_style_and_is_read_aloud():
    picture = svg(load("problem"), "zh-Hant", current="handling", names={"handler": "責任單位經辦"})
    assert "<script" not in picture
    assert "style=" not in picture
    root = ET.fromstring(picture)  # noqa: S314
    heading, spoken = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert heading.text == "流程圖：城鄉環境問題處置"
    assert "處置，由責任單位經辦，時限按類別時限: 處置回報 → 核查;" in spoken.text
    assert root.get("aria-labelledby") == f"{heading.get('id')} {spoken.get('id')}"
    (current,) = [g for g in root.iter(f"{SVG}g") if g.get("aria-current")]
    assert "處置" in "".join(current.itertext())
    assert "責任單位經辦" in picture


def test_what_people_write_is_escaped():
    picture = svg(parse(ODD), "en")
    assert "<script>" not in picture
    spoken = ET.fromstring(picture)  # noqa: S314
    assert "A <script>alert(1)</script>" in "".join(spoken.itertext())


def test_steps_are_read_in_order_and_ends_last():
    assert order(load("problem")) == [
        "intake", "filed", "handling", "verifying", "shelved", "closed", "voided", "refused",
    ]  # fmt: skip
    assert order(parse(ODD)) == ["a", "alone", "z"]
    assert order(parse({**ODD, "start": "b"})) == ["a", "alone", "z"]


@pytest.mark.parametrize(
    ("limit", "lang", "said"),
    [
        ("4wh", "zh-Hant", "4 工作小時"),
        ("1wd", "en", "1 working day"),
        ("2wd", "en", "2 working days"),
        ("20:30", "zh-Hans", "20:30 前"),
        ("same-day", "zh-Hant", "即日"),
        ("none", "en", "no limit"),
        ("by-category", "en", "limit of the category"),
        ("whenever", "en", "whenever"),
    ],
)
def test_limits_in_words(limit, lang, said):
    assert limit_text(limit, lang) == said


@pytest.mark.parametrize("procedure", [*(load(key) for key in FILES), parse(ODD)])
def test_bpmn_is_well_formed_and_its_references_hold(procedure):
    root = ET.fromstring(bpmn(procedure, "zh-Hant"))  # noqa: S314
    process = root.find(f"{BPMN}process")
    nodes = {node.get("id"): node for node in process if node.tag != f"{BPMN}sequenceFlow"}
    flows = {flow.get("id"): flow for flow in process.iter(f"{BPMN}sequenceFlow")}
    assert len(nodes) + len(flows) == len(process)
    for key, flow in flows.items():
        source, target = nodes[flow.get("sourceRef")], nodes[flow.get("targetRef")]
        assert key in [part.text for part in source.iter(f"{BPMN}outgoing")]
        assert key in [part.text for part in target.iter(f"{BPMN}incoming")]
    for node in nodes.values():
        assert node.get("attachedToRef", "start") in nodes
        tags = [part.tag.removeprefix(BPMN) for part in node]
        ranks = {"documentation": 0, "incoming": 1, "outgoing": 2}
        assert tags == sorted(tags, key=lambda tag: ranks.get(tag, 3))
    drawn = {shape.get("bpmnElement") for shape in root.iter(f"{DI}BPMNShape")}
    edges = {edge.get("bpmnElement") for edge in root.iter(f"{DI}BPMNEdge")}
    assert (drawn, edges) == (set(nodes), set(flows))
    ids = re.findall(r' id="([^"]+)"', bpmn(procedure, "zh-Hant"))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("key", FILES)
def test_the_shapes_of_the_bpmn_drawing_lie_side_by_side(key):
    root = ET.fromstring(bpmn(load(key), "en"))  # noqa: S314
    shapes = []
    for shape in root.iter(f"{DI}BPMNShape"):
        if not shape.get("bpmnElement").startswith("timer_"):
            x, y, width, height = (float(value) for value in shape[0].attrib.values())
            shapes.append((shape.get("bpmnElement"), x, y, x + width, y + height))
    for one, other in combinations(shapes, 2):
        assert not overlap(one, other), (one, other)


def test_bpmn_says_what_the_procedure_says():
    root = ET.fromstring(bpmn(load("approval"), "zh-Hant", names={"head": "局長"}))  # noqa: S314
    process = root.find(f"{BPMN}process")
    assert process.get("name") == "行政審批"
    kinds = [node.tag.removeprefix(BPMN) for node in process]
    assert kinds.count("startEvent") == 1
    assert kinds.count("parallelGateway") == 2
    assert kinds.count("userTask") == 11
    assert kinds.count("exclusiveGateway") == 6
    ends = [node.get("name") for node in process.iter(f"{BPMN}endEvent")]
    assert {"辦結", "退辦", "超過時限"} == set(ends)
    durations = [element.text for element in process.iter(f"{BPMN}timeDuration")]
    assert {"P1D", "P5D", "P10D", "P7D", "P3D", "P2D"} == set(durations)
    documents = [element.text for element in process.iter(f"{BPMN}documentation")]
    assert any("performer: fire-officer\nlimit: 10wd (10 個工作日)" in text for text in documents)
    works = bpmn(load("works"), "en", names={"commander": "Commander"})
    assert 'name="Drop (Commander)"' in works
    assert "complexGateway" in bpmn(load("support"), "fr")
    assert "multiInstanceLoopCharacteristics" in bpmn(load("problem"), "en")
    assert "by-category" in bpmn(load("problem"), "en")
