"""The scheme and the bulletin that a draft begins with, in the language of its records."""

from typing import Any, Final

from townkeeper.kit.schema import plain
from townkeeper.programs.draft_model import Draft

_SCHEME_BECAUSE: Final = {
    "zh-Hant": "草擬的默認值：按期處置率七十分，按期結案率三十分；歷史記錄看不出返工和推諉。",
    "zh-Hans": "草拟的默认值：按期处置率七十分，按期结案率三十分；历史记录看不出返工和推诿。",
    "en": "A default of the draft: 70 points for handling on time, 30 for closing on time; "
    "records of the past do not show rework or evasion.",
}
_SCHEME_DECIDE: Final = {
    "zh-Hant": "請審定項目、權重和分組。",
    "zh-Hans": "请审定项目、权重和分组。",
    "en": "Please approve items, weights and groups.",
}
_BULLETIN_DECIDE: Final = {
    "zh-Hant": "請確認標題、發文字號和主送單位。",
    "zh-Hans": "请确认标题、发文字号和主送单位。",
    "en": "Please confirm head, number and recipients.",
}
_TITLE: Final = {
    "zh-Hant": "{place}{year}年{month}月考評情況通報",
    "zh-Hans": "{place}{year}年{month}月考评情况通报",
    "en": "Monthly assessment of {month} {year}, {place}",
}
_NUMBER: Final = {
    "zh-Hant": "通〔{year}〕{serial}號",
    "zh-Hans": "通〔{year}〕{serial}号",
    "en": "{year}/{serial}",
}
_OVERVIEW_EN: Final = (
    "{filed} cases were filed this month. {due} were due, {on_time} of them were handled on time, "
    "a rate of {on_time_rate}. At the end of the month {open} were open, {overdue} of them overdue."
)
_RANKING_EN: Final = (
    "{units} units were assessed. {unscored} with fewer than {min_cases} cases are listed without "
    "a rank."
)
_OVERVIEW_HANT: Final = (
    "本月共立案{filed}件，應處置{due}件，按期處置{on_time}件，按期處置率{on_time_rate}；"
    "至月末尚有{open}件未辦結，其中超期{overdue}件。"
)
_RANKING_HANT: Final = (
    "本月參加考評的單位{units}個；辦件不足{min_cases}件的單位{unscored}個，只列情況，不參加排名。"
)
_OVERVIEW_HANS: Final = (
    "本月共立案{filed}件，应处置{due}件，按期处置{on_time}件，按期处置率{on_time_rate}；"
    "至月末尚有{open}件未办结，其中超期{overdue}件。"
)
_RANKING_HANS: Final = (
    "本月参加考评的单位{units}个；办件不足{min_cases}件的单位{unscored}个，只列情况，不参加排名。"
)
_SECTIONS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "zh-Hant": (
        ("一、總體情況", _OVERVIEW_HANT, ""),
        ("二、排名情況", _RANKING_HANT, "ranking"),
        ("三、存在問題", "超期較多的事項是{overdue_categories}。", "overdue"),
    ),
    "zh-Hans": (
        ("一、总体情况", _OVERVIEW_HANS, ""),
        ("二、排名情况", _RANKING_HANS, "ranking"),
        ("三、存在问题", "超期较多的事项是{overdue_categories}。", "overdue"),
    ),
    "en": (
        ("1. Overview", _OVERVIEW_EN, ""),
        ("2. Ranking", _RANKING_EN, "ranking"),
        ("3. Problems", "Most often late: {overdue_categories}.", "overdue"),
    ),
}


def _item(
    key: str, traditional: str, simplified: str, english: str, *, metric: str, weight: int
) -> dict[str, Any]:
    """Return one item of the drafted scheme: a rate, full points from 95 %."""
    return {
        "key": key,
        "title": {"zh-Hant": traditional, "zh-Hans": simplified, "en": english},
        "metric": metric,
        "weight": weight,
        "rule": {"kind": "linear", "zero_at": 50, "full_at": 95},
        "min_sample": 5,
    }


def scheme_data(draft: Draft) -> dict[str, Any]:
    """Return `schemes/monthly.yaml`: what records of the past can show."""
    del draft  # the same for every place, until somebody decides
    return {
        "scheme": "monthly",
        "title": {"zh-Hant": "月評", "zh-Hans": "月评", "en": "Monthly assessment"},
        "period": "month",
        "default_because": _SCHEME_BECAUSE,
        "decide": _SCHEME_DECIDE,
        "total": 100,
        "groups": [
            {
                "key": "departments",
                "title": {"zh-Hant": "部門", "zh-Hans": "部门", "en": "Departments"},
                "units": ["group:departments"],
            }
        ],
        "min_cases": 5,
        "items": [
            _item(
                "on-time",
                "按期處置率",
                "按期处置率",
                "Handled on time",
                metric="on_time_rate",
                weight=70,
            ),
            _item(
                "closing",
                "按期結案率",
                "按期结案率",
                "Closed on time",
                metric="closed_on_time_rate",
                weight=30,
            ),
        ],
    }


def _called(names: dict[str, str], language: str) -> str:
    """Return the name in a language, or the one that the file uses."""
    return names.get(language) or plain(names)


def bulletin_data(draft: Draft, language: str) -> dict[str, Any]:
    """Return `bulletins/monthly.yaml` in the language of the records."""
    name = draft.place_name.get(language) or plain(draft.place_name)
    return {
        "bulletin": "monthly",
        "title": _TITLE,
        "scheme": "monthly",
        "language": language,
        "masthead": name,
        "issuer": name,
        "number": _NUMBER[language],
        "recipients": [_called(draft.names_of("unit", unit), language) for unit in draft.codes],
        "decide": _BULLETIN_DECIDE,
        "sections": [
            {"title": title, "text": text, **({"table": table} if table else {})}
            for title, text, table in _SECTIONS[language]
        ],
    }
