"""Official documents to test the writers with: three languages, long tables, hostile text."""

from datetime import date

from townkeeper.publication.typeset import svg
from townkeeper.publication.typeset.document import (
    Attachment,
    Cell,
    Chart,
    Column,
    Document,
    Figure,
    Language,
    Provenance,
    Section,
    Table,
    fill,
    words,
)

HOSTILE = (
    "#let x = panic()",
    "<b>&\"'</b>",
    "=cmd()|' /C calc'!A1",
    "+1+1",
    "@SUM(A1)",
    "第一行\n第二行\r\n第三行",
    "😀👍 家",
    "镕喆堃𬭊",
    "\x00\x07\x1b[31m\ud800",
    "$x$ `raw` @ref \\u{41} //x",
    "長" * 7000,
    "",
)
SAYS: dict[Language, dict[str, str]] = {
    "zh-Hans": {
        "masthead": "临澜市城市环境治理办公室文件",
        "number": "临城治办通〔2026〕38号",
        "title": "关于2026年10月份全市城市环境治理|工作情况的通报",
        "recipients": "各区（县、市）人民政府，市级有关部门、单位：",
        "issuer": "临澜市城市环境治理办公室",
        "cc": "市委办公室，市人大常委会办公室。",
        "label": "模拟数据，非真实考核结果",
        "sentence": "10月份全市共受理各类城市环境问题{opened}件，按期结案率{rate}。",
        "table": "2026年10月份街道网格考核成绩表",
        "unit": "东湖区城东街道第一网格",
        "filler": "治",
    },
    "zh-Hant": {
        "masthead": "臨瀾市城市環境治理辦公室文件",
        "number": "臨城治辦通〔2026〕38號",
        "title": "關於2026年10月份全市城市環境治理|工作情況的通報",
        "recipients": "各區（縣、市）人民政府：",
        "issuer": "臨瀾市城市環境治理辦公室",
        "cc": "市委辦公室。",
        "label": "模擬數據，非真實考核結果",
        "sentence": "10月份全市共受理各類城市環境問題{opened}件，按期結案率{rate}。",
        "table": "2026年10月份街道網格考核成績表",
        "unit": "東湖區城東街道第一網格",
        "filler": "治",
    },
    "en": {
        "masthead": "Linlan City Environment Office",
        "number": "LEO Circular No. 38 of 2026",
        "title": "Circular on the Keeping of the City|in October 2026",
        "recipients": "To the district governments and the departments concerned:",
        "issuer": "Linlan City Environment Office",
        "cc": "General Office of the City Council.",
        "label": "Simulated data, not a real assessment",
        "sentence": "In October {opened} problems were reported; {rate} were closed in time.",
        "table": "Scores of the street grids, October 2026",
        "unit": "East Lake District, Grid 1",
        "filler": "the keeping of order in unforgettable administrative districts ",
    },
}
FIGURES = {
    "opened": Figure("36,482", "totals.opened"),
    "rate": Figure("95.02%", "totals.closed_in_time"),
}


def make_rows(count: int, language: Language = "zh-Hans") -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            number,
            f"{SAYS[language]['unit']}{number}",
            400 + number * 3,
            0.95 - number / 1000,
            98.5 - number / 10 if number % 7 else None,
            "2026-10-31",
        )
        for number in range(1, count + 1)
    )


def make_columns(language: Language = "zh-Hans", extra: int = 0) -> tuple[Column, ...]:
    chinese = language != "en"
    return (
        Column("序" if chinese else "No.", "integer", align="center"),
        Column("街道" if chinese else "Grid"),
        Column("立案" if chinese else "Opened", "integer"),
        Column("結案率" if chinese else "Closed", "percent"),
        Column("得分" if chinese else "Score", "score"),
        Column("日期" if chinese else "Date", "date"),
        *(Column(f"{number}", "percent") for number in range(extra)),
    )


def make_table(count: int, language: Language = "zh-Hans", extra: int = 0) -> Table:
    return Table(
        SAYS[language]["table"],
        make_columns(language, extra),
        tuple(row + (0.5,) * extra for row in make_rows(count, language)),
        key="units",
    )


def make_chart() -> Chart:
    drawing = svg.bars(
        [svg.Bar("东湖区", 91.5, "91.50"), svg.Bar("西陵区", 40, "40.00", alert=True)],
        title="得分",
        palette="plain",
        most=100,
    )
    return Chart(drawing, "东湖区91.50分，西陵区40.00分。", "图1　得分")


def make_document(
    language: Language = "zh-Hans",
    *,
    rows: int = 30,
    wide: bool = False,
    filler: int = 0,
    tables: tuple[Table, ...] | None = None,
    charts: tuple[Chart, ...] = (),
    **other: object,
) -> Document:
    says = SAYS[language]
    opening = Section((fill(says["sentence"], FIGURES),), heading="一、总体情况", charts=charts)
    if language == "en":
        opening = Section((fill(says["sentence"], FIGURES),), heading="1. Overview")
    parts = {
        "language": language,
        "masthead": says["masthead"],
        "number": says["number"],
        "title": tuple(says["title"].split("|")),
        "issuer": says["issuer"],
        "date": date(2026, 11, 8),
        "recipients": says["recipients"],
        "sections": (
            opening,
            *((Section((words(says["filler"] * filler),)),) if filler else ()),
            Section((words(says["sentence"].format(opened="1", rate="2%")),)),
        ),
        "attachments": (
            Attachment(
                says["table"],
                tables=tables
                if tables is not None
                else (make_table(rows, language, 8 if wide else 0),),
            ),
        ),
        "cc": says["cc"],
        "label": says["label"],
        "provenance": Provenance(
            "2026-10/monthly", "sha256:" + "ab" * 32, "2026-11-01 00:00 +08:00"
        ),
    }
    return Document(**{**parts, **other})
