"""What calendars say in each language, complete in itself: bulletins need any language any time."""
# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese

from collections.abc import Mapping
from typing import Final

LIMIT_TITLES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "zh-Hant": {
        "wh": ("{n} 工作時", "{n} 工作時"),
        "wmin": ("{n} 工作分鐘", "{n} 工作分鐘"),
        "wd": ("{n} 個工作日", "{n} 個工作日"),
        "h": ("{n} 小時", "{n} 小時"),
        "min": ("{n} 分鐘", "{n} 分鐘"),
        "d": ("{n} 日", "{n} 日"),
        "same-day": ("當日下班前", "當日下班前"),
        "clock": ("{n} 前", "{n} 前"),
        "none": ("不限時", "不限時"),
    },
    "zh-Hans": {
        "wh": ("{n} 工作时", "{n} 工作时"),
        "wmin": ("{n} 工作分钟", "{n} 工作分钟"),
        "wd": ("{n} 个工作日", "{n} 个工作日"),
        "h": ("{n} 小时", "{n} 小时"),
        "min": ("{n} 分钟", "{n} 分钟"),
        "d": ("{n} 日", "{n} 日"),
        "same-day": ("当日下班前", "当日下班前"),
        "clock": ("{n} 前", "{n} 前"),
        "none": ("不限时", "不限时"),
    },
    "en": {
        "wh": ("{n} working hour", "{n} working hours"),
        "wmin": ("{n} working minute", "{n} working minutes"),
        "wd": ("{n} working day", "{n} working days"),
        "h": ("{n} hour", "{n} hours"),
        "min": ("{n} minute", "{n} minutes"),
        "d": ("{n} day", "{n} days"),
        "same-day": ("by the close of the same day", "by the close of the same day"),
        "clock": ("by {n}", "by {n}"),
        "none": ("no limit", "no limit"),
    },
}
LANGUAGES: Final = tuple(LIMIT_TITLES)

LIMIT_ERRORS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "not-text": "a limit must be text, not {text}; put it in quotes, such as “20:30”",
        "empty": "the limit is empty; write one of: {forms}",
        "unknown": "“{text}” is not a limit; write one of: {forms}",
        "zero": "“{text}” leaves no time at all; write “none” where there is no limit",
        "fraction": "“{text}”: days are counted whole; for part of one write {hint}",
        "too-fine": "“{text}” is not a whole number of seconds; write at most a few decimals",
        "too-long": "“{text}” is longer than ten years; is the unit right?",
        "clock": "“{text}” is not a time of day; write 00:00 to 23:59",
    },
    "zh-Hant": {
        "not-text": "時限必須是文字，不能是 {text}；請加引號，如 “20:30”",
        "empty": "時限為空；可寫：{forms}",
        "unknown": "“{text}” 不是時限；可寫：{forms}",
        "zero": "“{text}” 沒有留下任何時間；不限時請寫 “none”",
        "fraction": "“{text}”：日數只能是整數；不足一日請寫小時，如 {hint}",
        "too-fine": "“{text}” 不是整秒數；請減少小數位",
        "too-long": "“{text}” 超過十年；單位是否寫錯？",
        "clock": "“{text}” 不是鐘點；請寫 00:00 至 23:59",
    },
    "zh-Hans": {
        "not-text": "时限必须是文字，不能是 {text}；请加引号，如 “20:30”",
        "empty": "时限为空；可写：{forms}",
        "unknown": "“{text}” 不是时限；可写：{forms}",
        "zero": "“{text}” 没有留下任何时间；不限时请写 “none”",
        "fraction": "“{text}”：日数只能是整数；不足一日请写小时，如 {hint}",
        "too-fine": "“{text}” 不是整秒数；请减少小数位",
        "too-long": "“{text}” 超过十年；单位是否写错？",
        "clock": "“{text}” 不是钟点；请写 00:00 至 23:59",
    },
}
