"""The fixed words of a bulletin in its own language, whatever the language of the page."""

from msgspec import Struct

from townkeeper.publication.typeset.document import Language


class BulletinWords(Struct, frozen=True, kw_only=True):
    """What the tables and lists of a bulletin say around names and figures."""

    none: str
    no_category: str
    listing: str
    between: str
    times: str
    """A name with how often: (name, number)."""
    scored: str
    of_group: str
    ranking: str
    figures: str
    overdue: str
    rank: str
    unit: str
    score: str
    place_range: str
    before: str
    note: str
    case: str
    category: str
    due: str
    full: str
    ranking_note: str
    figures_note: str
    overdue_note: str
    clipped: str
    simulated: str
    imported: str
    corrected: str
    notes: dict[str, str]


WORDS: dict[Language, BulletinWords] = {
    "zh-Hant": BulletinWords(
        none="無", no_category="未分類", listing="、", between="；",
        times="%s（%s件）", scored="%s（%s分）", of_group="%s組為%s",
        ranking="考評排名表", figures="各單位指標數據表", overdue="超期未處置案件清單",
        rank="名次", unit="單位", score="得分", place_range="名次範圍", before="上月名次",
        note="備註", case="案件編號", category="事項", due="應處置時限", full="滿分",
        ranking_note="同分同名次，其後名次順延；名次範圍為百分之九十五置信區間所容許的名次。",
        figures_note="各項指標的定義見發佈文件；分母為零的比率以“—”表示。",
        overdue_note="本月到期、至數據截止時間尚未處置的案件。",
        clipped="僅列前%s件，共%s件，其餘見電子表格。",
        simulated="模擬數據", imported="導入數據", corrected="更正（第%s版）",
        notes={
            "too-few-cases": "案件數不足，不排名", "too-few": "樣本不足，不排名",
            "missing": "缺少數據，不排名", "too-little-left": "可計分項目不足，不排名",
        },
    ),
    "zh-Hans": BulletinWords(
        none="无", no_category="未分类", listing="、", between="；",
        times="%s（%s件）", scored="%s（%s分）", of_group="%s组为%s",
        ranking="考评排名表", figures="各单位指标数据表", overdue="超期未处置案件清单",
        rank="名次", unit="单位", score="得分", place_range="名次范围", before="上月名次",
        note="备注", case="案件编号", category="事项", due="应处置时限", full="满分",
        ranking_note="同分同名次，其后名次顺延；名次范围为百分之九十五置信区间所容许的名次。",
        figures_note="各项指标的定义见发布文件；分母为零的比率以“—”表示。",
        overdue_note="本月到期、至数据截止时间尚未处置的案件。",
        clipped="仅列前%s件，共%s件，其余见电子表格。",
        simulated="模拟数据", imported="导入数据", corrected="更正（第%s版）",
        notes={
            "too-few-cases": "案件数不足，不排名", "too-few": "样本不足，不排名",
            "missing": "缺少数据，不排名", "too-little-left": "可计分项目不足，不排名",
        },
    ),
    "en": BulletinWords(
        none="none", no_category="without a category", listing=", ", between="; ",
        times="%s (%s)", scored="%s (%s points)", of_group="%s: %s",
        ranking="Ranking", figures="Figures by unit", overdue="Cases overdue and not handled",
        rank="Rank", unit="Unit", score="Score", place_range="Range of place",
        before="Month before",
        note="Note", case="Case", category="Kind of matter", due="Due", full="of",
        ranking_note="Equal scores share a rank and the next is skipped; the range of place is "
        "what 95 % confidence allows.",
        figures_note="The definitions are in the published file; a dash is a rate of nothing.",
        overdue_note="Due in the month and not handled at the data time.",
        clipped="The first %s of %s; the others are in the spreadsheet.",
        simulated="Simulated data", imported="Imported data", corrected="Correction (version %s)",
        notes={
            "too-few-cases": "too few cases, not ranked", "too-few": "sample too small, not ranked",
            "missing": "an input is missing, not ranked",
            "too-little-left": "too little left to score, not ranked",
        },
    ),
}  # fmt: skip
