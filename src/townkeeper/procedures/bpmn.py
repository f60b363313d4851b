"""Exports a procedure as BPMN 2.0 (ISO/IEC 19510), for people who use other modelling tools."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from townkeeper.procedures import graph
from townkeeper.procedures.limits import LIMIT
from townkeeper.procedures.model import Action, Branch, Procedure, Step
from townkeeper.procedures.wording import limit_text, title

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
NAMESPACES = {
    "xmlns": MODEL,
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
DURATIONS = {
    "wmin": "PT{}M",
    "min": "PT{}M",
    "wh": "PT{}H",
    "h": "PT{}H",
    "wd": "P{}D",
    "d": "P{}D",
}
"""BPMN knows no working time: the documentation says it, the duration is the plain amount."""
TASK = (140.0, 80.0)
GATE = (50.0, 50.0)
EVENT = (36.0, 36.0)
COLUMN = 200.0
ROW = 170.0
LANE = 14.0
LATE = {"en": "limit passed", "zh-Hans": "超过时限", "zh-Hant": "超過時限"}
SIZES = {"userTask": TASK, "startEvent": EVENT, "endEvent": EVENT, "boundaryEvent": EVENT}


@dataclass
class _Sheet:
    """The process and its drawing while they are built."""

    process: Element
    plane: Element
    places: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    flows: list[tuple[str, str, str]] = field(default_factory=list)
    nodes: dict[str, Element] = field(default_factory=dict)

    def node(
        self, kind: str, key: str, name: str, *, x: float, y: float, says: str = ""
    ) -> Element:
        """Add a node around the point (x, y), with what it says about itself."""
        element = SubElement(self.process, kind, {"id": key, "name": name} if name else {"id": key})
        if says:
            SubElement(element, "documentation").text = says
        width, height = SIZES.get(kind, GATE)
        self.places[key] = (x - width / 2, y - height / 2, width, height)
        self.nodes[key] = element
        return element

    def flow(self, source: str, target: str, name: str = "") -> None:
        self.flows.append((source, target, name))


def bpmn(
    procedure: Procedure, lang: str = "zh-Hant", *, names: Mapping[str, str] | None = None
) -> str:
    """Return the procedure as a BPMN 2.0 document with a drawing.

    Steps are user tasks, choices exclusive gateways, branches stand between a parallel gateway and
    their join (a complex gateway where one or the lead is enough); limits are timers that do not
    interrupt; final steps are end events. Actions that stay in a step are named in its text.
    `names` gives the words for roles.
    """
    root = Element(
        "definitions", {**NAMESPACES, "id": "definitions", "targetNamespace": "urn:townkeeper"}
    )
    process = SubElement(
        root,
        "process",
        {
            "id": f"process_{procedure.key}",
            "name": title(procedure.title, lang, procedure.key),
            "isExecutable": "false",
        },
    )
    drawing = SubElement(root, "bpmndi:BPMNDiagram", {"id": "diagram"})
    plane = SubElement(
        drawing,
        "bpmndi:BPMNPlane",
        {"id": "plane", "bpmnElement": f"process_{procedure.key}"},
    )
    sheet = _Sheet(process, plane)
    sheet.node("startEvent", "start", "", x=COLUMN / 2, y=ROW)
    sheet.flow("start", _entry(procedure.steps[procedure.start]))
    y = ROW
    for name in graph.order(procedure):
        step = procedure.steps[name]
        _step(sheet, procedure, step, lang=lang, names=names or {}, y=y)
        y += ROW * max(1, len(step.branches)) * (0.6 if step.final else 1)
    _draw(sheet)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _entry(step: Step) -> str:
    return f"fork_{step.name}" if step.branches and not step.final else f"step_{step.name}"


def _step(
    sheet: _Sheet,
    procedure: Procedure,
    step: Step,
    *,
    lang: str,
    names: Mapping[str, str],
    y: float,
) -> None:
    said = title(step.title, lang, step.name)
    key, x = f"step_{step.name}", COLUMN * 1.5
    if step.final:
        says = "\n".join(_after(procedure, action, lang, names) for action in step.actions.values())
        sheet.node("endEvent", key, said, x=x, y=y, says=says)
        return
    last, end = key, x
    if step.branches:
        last, end = _fork(sheet, step, lang=lang, names=names, y=y), COLUMN * 3.5
    else:
        says = _says(step, step.performer, step.limit, lang, names)
        task = sheet.node("userTask", key, said, x=x, y=y, says=says)
        if step.unit == "duty":
            SubElement(task, "multiInstanceLoopCharacteristics", {"isSequential": "false"})
        _timer(sheet, key, step.limit, lang)
    ways = [action for action in step.actions.values() if action.to in procedure.steps]
    if len(ways) > 1:
        sheet.node("exclusiveGateway", f"gate_{step.name}", "", x=end + COLUMN * 0.75, y=y)
        sheet.flow(last, f"gate_{step.name}")
        last = f"gate_{step.name}"
    for action in ways:
        target = procedure.steps[str(action.to)]
        sheet.flow(last, _entry(target), _way(action, lang, names))


def _after(procedure: Procedure, action: Action, lang: str, names: Mapping[str, str]) -> str:
    """Say what may be asked for after the end: no flow leaves an end event in BPMN."""
    target = procedure.steps.get(action.to or "")
    goal = title(target.title, lang, target.name) if target else str(action.to)
    window = f" ({limit_text(action.within, lang)})" if action.within else ""
    return f"action: {_way(action, lang, names)} → {goal}{window}"


def _fork(sheet: _Sheet, step: Step, *, lang: str, names: Mapping[str, str], y: float) -> str:
    """Add the branches of a step between their gateways and return the key of the join."""
    fork, join = f"fork_{step.name}", f"join_{step.name}"
    said = title(step.title, lang, step.name)
    sheet.node("parallelGateway", fork, said, x=COLUMN * 1.5, y=y)
    for number, branch in enumerate(step.branches):
        key = f"step_{step.name}_{branch.name}"
        says = _branch_says(step, branch, lang, names)
        name = title(branch.title, lang, branch.name)
        sheet.node("userTask", key, name, x=COLUMN * 2.5, y=y + ROW * number, says=says)
        _timer(sheet, key, branch.limit or step.limit, lang)
        sheet.flow(fork, key)
        sheet.flow(key, join)
    kind = "parallelGateway" if step.join == "all" else "complexGateway"
    sheet.node(kind, join, "", x=COLUMN * 3.5, y=y, says=f"join: {step.join}")
    return join


def _branch_says(step: Step, branch: Branch, lang: str, names: Mapping[str, str]) -> str:
    performer = branch.performer or step.performer
    text = _says(step, performer, branch.limit or step.limit, lang, names)
    unit = branch.unit or step.unit
    return f"{text}\nunit: {unit}\nrole: {branch.role}"


def _says(
    step: Step, performer: str, limit: str | None, lang: str, names: Mapping[str, str]
) -> str:
    lines = [f"performer: {names.get(performer, performer)}"]
    if limit:
        lines.append(f"limit: {limit} ({limit_text(limit, lang)})")
    lines += [f"not: {name}" for name in step.not_performers_of]
    lines += [
        f"at {rung.at}: {', '.join(names.get(role, role) for role in rung.tell) or '-'}"
        for rung in step.ladder
    ]
    lines += [
        f"action: {title(action.title, lang, action.name)}"
        for action in step.actions.values()
        if action.to is None
    ]
    return "\n".join(lines)


def _way(action: Action, lang: str, names: Mapping[str, str]) -> str:
    said = title(action.title, lang, action.name)
    if action.ask is None:
        return said
    return f"{said} ({names.get(action.ask.decider, action.ask.decider)})"


def _timer(sheet: _Sheet, task: str, limit: str | None, lang: str) -> None:
    if limit is None:
        return
    x, y, width, height = sheet.places[task]
    key, end = f"timer_{task}", f"late_{task}"
    said = limit_text(limit, lang)
    event = sheet.node("boundaryEvent", key, said, x=x + width * 0.8, y=y + height)
    event.set("attachedToRef", task)
    event.set("cancelActivity", "false")
    sheet.node("endEvent", end, LATE.get(lang, LATE["en"]), x=x + width * 1.2, y=y + height + 30)
    sheet.flow(key, end)
    match = LIMIT.fullmatch(limit)
    known = match is not None and match["amount"] is not None
    definition = SubElement(event, "timerEventDefinition", {"id": f"clock_{task}"})
    duration = SubElement(definition, "timeDuration", {"xsi:type": "tFormalExpression"})
    duration.text = DURATIONS[match["unit"]].format(match["amount"]) if match and known else limit


def _draw(sheet: _Sheet) -> None:
    """Write flows into the process and everything into the drawing."""
    for number, (source, target, name) in enumerate(sheet.flows):
        key = f"flow_{number}"
        for end, kind in ((source, "outgoing"), (target, "incoming")):
            part = Element(kind)
            part.text = key
            sheet.nodes[end].insert(_position(sheet.nodes[end], kind), part)
        given = {"id": key, "sourceRef": source, "targetRef": target}
        SubElement(sheet.process, "sequenceFlow", {**given, "name": name} if name else given)
    for key, place in sheet.places.items():
        shape = SubElement(
            sheet.plane, "bpmndi:BPMNShape", {"id": f"shape_{key}", "bpmnElement": key}
        )
        sides = zip(("x", "y", "width", "height"), place, strict=True)
        SubElement(shape, "dc:Bounds", {side: f"{value:g}" for side, value in sides})
    for number, (source, target, _) in enumerate(sheet.flows):
        edge = SubElement(
            sheet.plane,
            "bpmndi:BPMNEdge",
            {"id": f"edge_{number}", "bpmnElement": f"flow_{number}"},
        )
        for x, y in _points(sheet, number, source, target):
            SubElement(edge, "di:waypoint", {"x": f"{x:g}", "y": f"{y:g}"})


def _position(node: Element, kind: str) -> int:
    """Return where the schema wants the part: documentation, incoming, outgoing, the rest."""
    before = ("documentation", "incoming", "outgoing") if kind == "outgoing" else (
        "documentation", "incoming",
    )  # fmt: skip
    return sum(1 for part in node if part.tag in before)


def _points(sheet: _Sheet, number: int, source: str, target: str) -> list[tuple[float, float]]:
    """Lead straight where the target is at the right, else round it in a lane of its own."""
    x1, y1, width1, height1 = sheet.places[source]
    x2, y2, width2, height2 = sheet.places[target]
    start, end = (x1 + width1, y1 + height1 / 2), (x2, y2 + height2 / 2)
    if source.startswith("timer_"):
        return [(x1 + width1 / 2, y1 + height1), (x2, y2 + height2 / 2)]
    if x2 >= x1 + width1:
        return [start, end]
    lane = COLUMN * 5 + LANE * number
    above = y2 - 20 - LANE * (number % 3)
    top = x2 + width2 / 2
    return [start, (lane, start[1]), (lane, above), (top, above), (top, y2)]
