"""Guesses which column of a list is which, by how offices name columns in Chinese and English.

Pure. Lists from above and from the media come in every order and with every name; a wrong guess
would send work to the wrong unit, so each column is taken by the longest name that it contains.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("序号", "序號", "编号", "編號", "号", "號", "no", "no.", "number", "#"),
    "problem": (
        "存在问题",
        "存在問題",
        "问题描述",
        "問題描述",
        "曝光问题",
        "曝光問題",
        "具体问题",
        "具體問題",
        "主要问题",
        "主要問題",
        "问题内容",
        "問題內容",
        "问题",
        "問題",
        "事项",
        "事項",
        "内容",
        "內容",
        "problem",
        "issue",
        "what is wrong",
        "matter",
    ),
    "text": (
        "整改要求",
        "整改措施",
        "整改内容",
        "整改內容",
        "工作要求",
        "任务",
        "任務",
        "具体情况",
        "具體情況",
        "详细情况",
        "詳細情況",
        "说明",
        "說明",
        "备注",
        "備註",
        "requirement",
        "measure",
        "description",
        "remark",
        "note",
        "task",
    ),
    "place": (
        "具体地点",
        "具體地點",
        "问题地点",
        "問題地點",
        "地点",
        "地點",
        "位置",
        "点位",
        "點位",
        "地址",
        "place",
        "address",
        "location",
        "where",
    ),
    "area": (
        "所属街道",
        "所屬街道",
        "所在街道",
        "街道",
        "镇街",
        "鎮街",
        "乡镇",
        "鄉鎮",
        "属地",
        "屬地",
        "区域",
        "區域",
        "辖区",
        "轄區",
        "area",
        "township",
        "street",
    ),
    "category": (
        "问题类别",
        "問題類別",
        "问题类型",
        "問題類型",
        "问题分类",
        "問題分類",
        "类别",
        "類別",
        "类型",
        "類型",
        "分类",
        "分類",
        "category",
        "type",
        "kind",
    ),
    "unit": (
        "责任单位",
        "責任單位",
        "整改单位",
        "整改單位",
        "牵头单位",
        "牽頭單位",
        "主办单位",
        "主辦單位",
        "承办单位",
        "承辦單位",
        "主责单位",
        "主責單位",
        "责任部门",
        "責任部門",
        "牵头部门",
        "牽頭部門",
        "单位",
        "單位",
        "部门",
        "部門",
        "responsible unit",
        "responsible",
        "lead unit",
        "unit",
        "owner",
        "department",
    ),
    "assist": (
        "配合单位",
        "配合單位",
        "协办单位",
        "協辦單位",
        "协助单位",
        "協助單位",
        "配合部门",
        "配合部門",
        "协同单位",
        "協同單位",
        "assisting units",
        "assisting unit",
        "assisting",
        "supporting unit",
    ),
    "leader": (
        "责任领导",
        "責任領導",
        "牵头领导",
        "牽頭領導",
        "包保领导",
        "包保領導",
        "挂点领导",
        "掛點領導",
        "分管领导",
        "分管領導",
        "责任人",
        "責任人",
        "领导",
        "領導",
        "leader in charge",
        "leader",
        "person in charge",
    ),
    "due": (
        "整改时限",
        "整改時限",
        "完成时限",
        "完成時限",
        "整改期限",
        "完成时间",
        "完成時間",
        "时限",
        "時限",
        "期限",
        "截止",
        "deadline",
        "time limit",
        "due",
        "by when",
        "complete by",
    ),
    "case": ("案件编号", "案件編號", "工单号", "工單號", "案件号", "案件號", "case number", "case"),
}
FIELDS: Final = tuple(NAMES)
ENOUGH: Final = 2
"""A row with a problem column and one more is a header; less may be a title."""

_MARKS: Final = re.compile(r"[\s()（）\[\]【】:：、/*＊_-]+")


def folded(name: str) -> str:
    """Return a column's name as names are compared: no width, case, spaces, brackets."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", name).casefold())


_FOLDED: Final = {
    folded(name) or name: (field, len(folded(name)))
    for field, names in NAMES.items()
    for name in names
}


def field_of(name: str) -> str | None:
    """Return what a column holds, None for a name that says nothing known.

    A name that is a whole one counts; else the longest known name inside it, of two letters or
    more.
    """
    plain = folded(name)
    if not plain:
        return None
    if plain in _FOLDED:
        return _FOLDED[plain][0]
    inside = [
        (length, field)
        for known, (field, length) in _FOLDED.items()
        if length > 1 and known in plain
    ]
    if plain.isascii():
        # "no" is in "notes", "type" in "prototype": Latin names count as whole words only
        words = set(re.findall(r"[a-z]+", unicodedata.normalize("NFKC", name).casefold()))
        inside = [(len(w), _FOLDED[w][0]) for w in words if w in _FOLDED]
    return max(inside, default=(0, None))[1]


def columns_of(names: Sequence[str]) -> dict[str, int]:
    """Return field → place of its column; of two columns for one field the first counts.

    A second column for the problem whose name says more about it ("problem description") is its
    text, so that nothing that was written is lost.
    """
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        field = field_of(name)
        if field == "problem" and field in found and "text" not in found:
            field = "text"
        if field is not None:
            found.setdefault(field, place)
    return found


def is_header(names: Sequence[str]) -> bool:
    """Whether a row names columns: a problem, and at least one more thing."""
    found = columns_of(names)
    longest = max((len(name) for name in names), default=0)
    return "problem" in found and len(found) >= ENOUGH and longest <= 30  # noqa: PLR2004 - a sentence is no name
