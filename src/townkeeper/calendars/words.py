"""What calendars say in each language, complete in itself: bulletins need any language any time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
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

HOURS_ERRORS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "no-span": "“{text}” is not an opening time; write it as 08:30-12:00",
        "no-time": "“{text}” has a time that is none; write 00:00 to 24:00",
        "backwards": "“{text}” ends before it begins; over midnight write 22:00-24:00, 00:00-06:00",
        "overlap": "{text} begins before {other} ends; write them in order",
        "no-weekday": "“{text}” is not a weekday; write mon … sun, mon-fri or daily",
        "week-backwards": "“{text}” runs backwards; write for example mon-fri",
        "twice": "{text} is written twice",
        "never-open": "the week has no open time; write at least one, such as mon-fri: 08:30-18:00",
    },
    "zh-Hant": {
        "no-span": "“{text}” 不是工作時段；請寫如 08:30-12:00",
        "no-time": "“{text}” 中有不存在的鐘點；請寫 00:00 至 24:00",
        "backwards": "“{text}” 結束早於開始；跨夜請分寫 22:00-24:00 和 00:00-06:00",
        "overlap": "{text} 在 {other} 結束之前開始；請按先後分開寫",
        "no-weekday": "“{text}” 不是星期；請寫 mon 至 sun、mon-fri 或 daily",
        "week-backwards": "“{text}” 前後顛倒；請寫如 mon-fri",
        "twice": "{text} 寫了兩次",
        "never-open": "整週沒有工作時間；至少寫一日，如 mon-fri: 08:30-18:00",
    },
    "zh-Hans": {
        "no-span": "“{text}” 不是工作时段；请写如 08:30-12:00",
        "no-time": "“{text}” 中有不存在的钟点；请写 00:00 至 24:00",
        "backwards": "“{text}” 结束早于开始；跨夜请分写 22:00-24:00 和 00:00-06:00",
        "overlap": "{text} 在 {other} 结束之前开始；请按先后分开写",
        "no-weekday": "“{text}” 不是星期；请写 mon 至 sun、mon-fri 或 daily",
        "week-backwards": "“{text}” 前后颠倒；请写如 mon-fri",
        "twice": "{text} 写了两次",
        "never-open": "整周没有工作时间；至少写一日，如 mon-fri: 08:30-18:00",
    },
}

STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "start": "It starts on {at}.",
        "limit": "The limit: {limit}.",
        "none": "There is no limit, so there is no due time.",
        "working-time": "Only working hours count.",
        "working-days": "Working days count; the day of the start, {on}, does not.",
        "elapsed": "The clock runs day and night, on working days and days off alike.",
        "days": "Calendar days count, days off included; the day of the start, {on}, does not.",
        "same-day": "It ends at the close of work on the day of the start.",
        "clock": "It ends the next time the clock shows {clock}.",
        "early": "Work has not begun by then, so counting begins on {to}.",
        "break": "That falls in a break, so counting begins on {to}.",
        "closed": "Work is over for that day, so counting begins on {to}.",
        "off": "{on} is a day off ({name}), so counting begins on {to}.",
        "next-day": "Work is over for that day, so the next working day, {to}, counts.",
        "next-day-off": "{on} is a day off ({name}), so the next working day, {to}, counts.",
        "worked": "{on}: {used} counted, {left} left.",
        "worked-days": "{first} to {last}: {days} working days, {used} counted, {left} left.",
        "worked-last": "{on}: the last {used}, until {at}.",
        "counted": "{on} is day {n}.",
        "counted-days": "{first} to {last}: days {from_n} to {to_n}, days off between not counted.",
        "calendar-days": "{first} to {last}: {n} days.",
        "rest": "{on} does not count: {name}.",
        "rests": "{first} to {last} do not count: {name}.",
        "makeup": "{on} is worked to make up for a day off ({name}) and counts.",
        "own-hours": "{on} has hours of its own ({name}): {hours}.",
        "paused": "The clock stood from {since} to {until}; {taken} are taken out.",
        "paused-days": "The clock stood from {since} to {until}; what ended then does not count.",
        "paused-day": "{on} does not count: the clock stood when it ended.",
        "rolled": "{on} is not a working day ({name}), so it ends on the next one, {to}.",
        "stopped": "The clock has stood since {since}; there is no due time until it goes on.",
        "provisional": (
            "Days off after {known} are not announced yet: this due time is provisional and will be"
            " computed again."
        ),
        "due": "It is due on {at}.",
    },
    "zh-Hant": {
        "start": "開始時間：{at}。",
        "limit": "時限：{limit}。",
        "none": "不設時限，因此沒有截止時間。",
        "working-time": "只計工作時間。",
        "working-days": "按工作日計算，開始當日{on}不計。",
        "elapsed": "日夜連續計算，不分工作日與休息日。",
        "days": "按自然日計算，包括休息日；開始當日{on}不計。",
        "same-day": "於開始當日下班時截止。",
        "clock": "於下一個 {clock} 截止。",
        "early": "當時尚未上班，由 {to} 起計。",
        "break": "當時正值休息時段，由 {to} 起計。",
        "closed": "當日已下班，由 {to} 起計。",
        "off": "{on}是休息日（{name}），由 {to} 起計。",
        "next-day": "當日已下班，順延至下一個工作日：{to}。",
        "next-day-off": "{on}是休息日（{name}），順延至下一個工作日：{to}。",
        "worked": "{on}：計 {used}，尚餘 {left}。",
        "worked-days": "{first}至{last}：{days} 個工作日，計 {used}，尚餘 {left}。",
        "worked-last": "{on}：計最後 {used}，至 {at}。",
        "counted": "{on}：第 {n} 日。",
        "counted-days": "{first}至{last}：第 {from_n} 至第 {to_n} 日，其間休息日不計。",
        "calendar-days": "{first}至{last}：共 {n} 日。",
        "rest": "{on}不計：{name}。",
        "rests": "{first}至{last}不計：{name}。",
        "makeup": "{on}是調休上班日（{name}），計算在內。",
        "own-hours": "{on}另有工作時間（{name}）：{hours}。",
        "paused": "{since} 至 {until} 暫停計時，扣除 {taken}。",
        "paused-days": "{since} 至 {until} 暫停計時，其間屆滿的不計。",
        "paused-day": "{on}不計：當日結束時計時暫停。",
        "rolled": "{on}不是工作日（{name}），順延至下一個工作日：{to}。",
        "stopped": "自 {since} 起暫停計時，恢復之前沒有截止時間。",
        "provisional": "{known}之後的放假安排尚未公佈：此截止時間為暫定，公佈後重新計算。",
        "due": "截止時間：{at}。",
    },
    "zh-Hans": {
        "start": "开始时间：{at}。",
        "limit": "时限：{limit}。",
        "none": "不设时限，因此没有截止时间。",
        "working-time": "只计工作时间。",
        "working-days": "按工作日计算，开始当日{on}不计。",
        "elapsed": "日夜连续计算，不分工作日与休息日。",
        "days": "按自然日计算，包括休息日；开始当日{on}不计。",
        "same-day": "于开始当日下班时截止。",
        "clock": "于下一个 {clock} 截止。",
        "early": "当时尚未上班，由 {to} 起计。",
        "break": "当时正值休息时段，由 {to} 起计。",
        "closed": "当日已下班，由 {to} 起计。",
        "off": "{on}是休息日（{name}），由 {to} 起计。",
        "next-day": "当日已下班，顺延至下一个工作日：{to}。",
        "next-day-off": "{on}是休息日（{name}），顺延至下一个工作日：{to}。",
        "worked": "{on}：计 {used}，尚余 {left}。",
        "worked-days": "{first}至{last}：{days} 个工作日，计 {used}，尚余 {left}。",
        "worked-last": "{on}：计最后 {used}，至 {at}。",
        "counted": "{on}：第 {n} 日。",
        "counted-days": "{first}至{last}：第 {from_n} 至第 {to_n} 日，其间休息日不计。",
        "calendar-days": "{first}至{last}：共 {n} 日。",
        "rest": "{on}不计：{name}。",
        "rests": "{first}至{last}不计：{name}。",
        "makeup": "{on}是调休上班日（{name}），计算在内。",
        "own-hours": "{on}另有工作时间（{name}）：{hours}。",
        "paused": "{since} 至 {until} 暂停计时，扣除 {taken}。",
        "paused-days": "{since} 至 {until} 暂停计时，其间届满的不计。",
        "paused-day": "{on}不计：当日结束时计时暂停。",
        "rolled": "{on}不是工作日（{name}），顺延至下一个工作日：{to}。",
        "stopped": "自 {since} 起暂停计时，恢复之前没有截止时间。",
        "provisional": "{known}之后的放假安排尚未公布：此截止时间为暂定，公布后重新计算。",
        "due": "截止时间：{at}。",
    },
}

WEEKEND: Final = "weekend"
REST_DAY: Final = "regular day off"
SUSPENDED: Final = "clock stopped"
NAMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("New Year's Day", "元旦", "元旦"),
    ("Spring Festival", "春節", "春节"),
    ("Tomb-sweeping Day", "清明節", "清明节"),
    ("Labour Day", "勞動節", "劳动节"),
    ("Dragon Boat Festival", "端午節", "端午节"),
    ("Mid-autumn Festival", "中秋節", "中秋节"),
    ("National Day", "國慶節", "国庆节"),
    ("Anti-Fascist 70th Day", "抗戰勝利 70 周年紀念日", "抗战胜利 70 周年纪念日"),
    (WEEKEND, "週末", "周末"),
    (REST_DAY, "例行休息日", "例行休息日"),
    (SUSPENDED, "計時暫停", "计时暂停"),
)
"""Names of days in English, Traditional and Simplified Chinese; a local name is said as entered."""

_ORDER: Final = {"en": 0, "zh-Hant": 1, "zh-Hans": 2}
_BY_ANY_NAME: Final = {
    **{name: row for row in NAMES for name in row},
    "“五一”": NAMES[3],
    "“五一”国际劳动节": NAMES[3],
    "“十一”": NAMES[6],
    "抗日战争暨世界反法西斯战争胜利70周年纪念日": NAMES[7],
}
_WEEKDAYS: Final = ("一", "二", "三", "四", "五", "六", "日")
_ENGLISH_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH_MONTHS: Final = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())  # noqa: SIM905
_HOURS: Final = {"en": "{n} h", "zh-Hant": "{n} 小時", "zh-Hans": "{n} 小时"}
_MINUTES: Final = {"en": "{n} min", "zh-Hant": "{n} 分", "zh-Hans": "{n} 分"}
_SECONDS: Final = {"en": "{n} s", "zh-Hant": "{n} 秒", "zh-Hans": "{n} 秒"}


def say_name(name: str, lang: str) -> str:
    """Name a day in a language; `国庆节、中秋节` is two names, an unknown one stays as it is."""
    parts = [_BY_ANY_NAME.get(part, (part, part, part))[_ORDER[lang]] for part in name.split("、")]
    return (" / " if lang == "en" else "、").join(parts)


def say_date(on: date, lang: str) -> str:
    if lang == "en":
        month = _ENGLISH_MONTHS[on.month - 1]
        return f"{_ENGLISH_DAYS[on.weekday()]} {on.day} {month} {on.year}"
    return f"{on.year}年{on.month}月{on.day}日（星期{_WEEKDAYS[on.weekday()]}）"


def say_time(at: datetime, lang: str) -> str:
    """Say date and clock time, in the zone that the time carries; seconds only where there are."""
    clock = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    return f"{say_date(at.date(), lang)}{' at ' if lang == 'en' else ''}{clock}"


def say_duration(length: timedelta, lang: str) -> str:
    """Say a length in hours, minutes and seconds; a whole of nothing is 0 minutes."""
    seconds = int(length.total_seconds())
    parts = [
        table[lang].format(n=n)
        for n, table in (
            (seconds // 3600, _HOURS),
            (seconds // 60 % 60, _MINUTES),
            (seconds % 60, _SECONDS),
        )
        if n
    ]
    return " ".join(parts) or _MINUTES[lang].format(n=0)


def plain_name(name: str) -> str:
    """Reduce a known day name in any language to its English key, so that equal days are equal."""
    return "、".join(_BY_ANY_NAME.get(part, (part,))[0] for part in name.split("、"))
