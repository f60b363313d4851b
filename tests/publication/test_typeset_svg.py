"""The charts: lawful SVG, escaped, named for those who cannot see, colours by palette."""

import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.publication.bulletin import HOSTILE
from townkeeper.publication.typeset import svg

NS = "{http://www.w3.org/2000/svg}"
PALETTES: tuple[svg.Palette, ...] = ("css", "plain")
GIVEN_TEXT = st.text(max_size=30)
VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=13)


def every_chart(text: str, palette: svg.Palette) -> list[str]:
    return [
        svg.bars([svg.Bar(text, 3, text), svg.Bar("b", 0, "0")], title=text, palette=palette),
        svg.sparkline([1, None, 3], title=text, palette=palette),
        svg.lines([svg.Line(text, (1, 2), text)], [text, "b"], title=text, palette=palette),
        svg.parts([svg.Part(text, 2, text), svg.Part("b", 1, "1")], title=text, palette=palette),
    ]


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("text", [*HOSTILE, '"><script>alert(1)</script>', "' onload='x"])
def test_hostile_text_is_escaped(text, palette):
    for drawing in every_chart(text, palette):
        root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
        assert root.get("role") == "img"
        tags = {element.tag.removeprefix(NS) for element in root.iter()}
        assert tags <= {"svg", "title", "rect", "path", "circle", "text"}
        for element in root.iter():
            assert not {"style", "onload", "class", "href"} & set(element.attrib)


def test_the_sentence_is_the_name():
    drawing = svg.sparkline([1, 2], title="得分由80升至90", palette="css")
    root = ET.fromstring(drawing)  # noqa: S314
    assert root.get("aria-label") == "得分由80升至90"
    assert root.findtext(f"{NS}title") == "得分由80升至90"


def test_colours_follow_the_page_or_stand_alone():
    for css, plain in zip(every_chart("a", "css"), every_chart("a", "plain"), strict=True):
        assert "var(--brand-600,#0f6e6a)" in css
        assert "var(" not in plain
        assert "#0f6e6a" in plain


def test_bars_grow_with_their_values():
    drawing = svg.bars(
        [svg.Bar("a", 100, "100"), svg.Bar("b", 50, "50", alert=True), svg.Bar("c", -5, "-5")],
        title="t",
        palette="plain",
        most=100,
    )
    rects = ET.fromstring(drawing).findall(f"{NS}rect")  # noqa: S314
    full, half, none = (float(rect.get("width", "")) for rect in rects)
    assert half == pytest.approx(full / 2, abs=0.1)
    assert none == 0
    assert rects[1].get("fill") == "#e2b04a"


def test_lines_break_where_a_figure_is_missing_and_differ_by_dash():
    drawing = svg.lines(
        [svg.Line("a", (1, None, 3, 4)), svg.Line("b", (4, 3, 2, 1))],
        ["一月", "二月", "三月", "四月"],
        title="t",
        palette="plain",
    )
    thick = [
        path
        for path in ET.fromstring(drawing).findall(f"{NS}path")  # noqa: S314
        if path.get("stroke-width") == "2"
    ]
    assert thick[0].get("d", "").count("M") == 2
    assert thick[0].get("stroke-dasharray") is None
    assert thick[1].get("stroke-dasharray") == "6 3"


def test_labels_at_the_ends_never_overlap():
    series = [svg.Line(name, (1, 1.001)) for name in "abcd"]
    root = ET.fromstring(svg.lines(series, ["1", "2"], title="t", palette="plain"))  # noqa: S314
    heights = [
        float(text.get("y", "")) for text in root.findall(f"{NS}text") if text.text in set("abcd")
    ]
    assert len(heights) == 4
    assert all(b - a >= 12 for a, b in itertools.pairwise(heights))


def test_nothing_to_draw_is_still_a_drawing():
    for drawing in (
        svg.bars([], title="t", palette="css"),
        svg.sparkline([], title="t", palette="css"),
        svg.sparkline([None], title="t", palette="css"),
        svg.lines([], [], title="t", palette="css"),
        svg.lines([svg.Line("a", (5,))], ["x"], title="t", palette="css"),
        svg.parts([], title="t", palette="css"),
        svg.parts([svg.Part("a", 0, "0")], title="t", palette="css"),
    ):
        ET.fromstring(drawing)  # noqa: S314


@given(GIVEN_TEXT, VALUES)
def test_any_text_and_any_figures_give_lawful_svg(text, values):
    ticks = [text] * len(values)
    for drawing in (
        svg.sparkline(values, title=text, palette="css"),
        svg.lines([svg.Line(text, tuple(values), text)], ticks, title=text, palette="plain"),
        svg.bars(
            [svg.Bar(text, value or 0, text) for value in values], title=text, palette="plain"
        ),
        svg.parts([svg.Part(text, value or 0, text) for value in values], title="", palette="css"),
    ):
        ET.fromstring(drawing)  # noqa: S314
