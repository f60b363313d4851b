"""Says in words what loading a program changed."""

from collections.abc import Mapping

from townkeeper.kit.schema import Change
from townkeeper.programs.findings import language_tag

_NOUNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "calendar": ("calendar", "calendars"),
        "unit": ("unit", "units"),
        "role": ("role", "roles"),
        "post": ("post", "posts"),
        "place": ("key place", "key places"),
        "category": ("category", "categories"),
        "duty": ("duty line", "duty lines"),
        "procedure": ("procedure", "procedures"),
        "scheme": ("scheme", "schemes"),
        "bulletin": ("bulletin", "bulletins"),
        "file": ("file", "files"),
        "setting": ("setting", "settings"),
    },
    "zh-Hant": {
        "calendar": ("日曆", "日曆"),
        "unit": ("單位", "單位"),
        "role": ("崗位", "崗位"),
        "post": ("任職", "任職"),
        "place": ("重點點位", "重點點位"),
        "category": ("事項", "事項"),
        "duty": ("職責", "職責"),
        "procedure": ("流程", "流程"),
        "scheme": ("考評辦法", "考評辦法"),
        "bulletin": ("通報", "通報"),
        "file": ("文件", "文件"),
        "setting": ("設定", "設定"),
    },
    "zh-Hans": {
        "calendar": ("日历", "日历"),
        "unit": ("单位", "单位"),
        "role": ("岗位", "岗位"),
        "post": ("任职", "任职"),
        "place": ("重点点位", "重点点位"),
        "category": ("事项", "事项"),
        "duty": ("职责", "职责"),
        "procedure": ("流程", "流程"),
        "scheme": ("考评办法", "考评办法"),
        "bulletin": ("通报", "通报"),
        "file": ("文件", "文件"),
        "setting": ("设定", "设定"),
    },
}
_ACTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "added": ("{noun} added: {name}", "{count} {noun} added"),
        "changed": ("{noun} changed: {name}{fields}", "{count} {noun} changed"),
        "closed": ("{noun} ended: {name}", "{count} {noun} ended"),
        "kept": (
            "{noun} kept as the office has it: {name}{fields}",
            "{count} {noun} kept as the office has them",
        ),
    },
    "zh-Hant": {
        "added": ("新增{noun}：{name}", "新增{noun} {count} 項"),
        "changed": ("修改{noun}：{name}{fields}", "修改{noun} {count} 項"),
        "closed": ("終止{noun}：{name}", "終止{noun} {count} 項"),
        "kept": ("保留本單位已改的{noun}：{name}{fields}", "保留本單位已改的{noun} {count} 項"),
    },
    "zh-Hans": {
        "added": ("新增{noun}：{name}", "新增{noun} {count} 项"),
        "changed": ("修改{noun}：{name}{fields}", "修改{noun} {count} 项"),
        "closed": ("终止{noun}：{name}", "终止{noun} {count} 项"),
        "kept": ("保留本单位已改的{noun}：{name}{fields}", "保留本单位已改的{noun} {count} 项"),
    },
}
_NOTHING = {"en": "Nothing changed.", "zh-Hant": "沒有變化。", "zh-Hans": "没有变化。"}


def say_change(change: Change, language: str | None = None) -> str:
    """Say one change: `unit added: 區治理辦`, `新增單位 303 項`."""
    tag = language_tag(language)
    one, many = _NOUNS[tag].get(change.what, (change.what, change.what))
    single, several = _ACTS[tag][change.act]
    if not change.key:
        return several.format(noun=one if change.count == 1 else many, count=change.count)
    name = change.name.get(tag) or next(iter(change.name.values()), "")
    said = f"{name} ({change.key})" if name and name != change.key else change.key
    comma = ", " if tag == "en" else "、"
    left, right = (" (", ")") if tag == "en" else ("（", "）")
    fields = f"{left}{comma.join(change.fields)}{right}" if change.fields else ""
    return single.format(noun=one, name=said, fields=fields)


def say_nothing(language: str | None = None) -> str:
    """Say that nothing changed."""
    return _NOTHING[language_tag(language)]
