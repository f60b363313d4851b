"""The words of simulated reports."""

import random

OPENINGS = ("有市民反映", "巡查發現", "群眾來電稱", "附近住戶反映", "檢查小組看到")
DETAILS = (
    "已經好幾天了，一直沒有人管。",
    "影響行人通行，老人小孩走路要繞到馬路上。",
    "味道很大，附近商戶意見比較多。",
    "上個月剛處理過，現在又出現了。",
    "逢場天更嚴重，希望儘快處理。",
    "請派人到現場看一看。",
)
ANSWERS = (
    "您反映的問題已到現場處理完畢，感謝監督。",
    "已安排人員清理整改，並加強日常巡查，歡迎繼續監督。",
    "問題已整改到位，經核查屬實。",
)
REASONS = {
    "dispute": ("該路段不屬本單位管養範圍", "該事項按職責清單應由其他部門牽頭"),
    "extend": ("工程量較大，需增加人手和設備", "連日降雨，無法施工"),
    "suspend": ("等待配件到貨", "涉及施工許可，正在辦理"),
    "fail": ("現場仍有殘留，未清理到位", "只處理了一部分"),
    "refuse": ("重複反映，已有案件在辦", "內容不屬受理範圍"),
    "assign": ("按職責登記，由該單位負責",),
    "void": ("經核實現場無此問題",),
    "redispatch": ("職責登記中無責任單位，臨時指定",),
    "give_up": ("產權不清，暫無法解決",),
}


def report_text(dice: random.Random, place: str, category: str) -> tuple[str, str]:
    """Return title and description of a report."""
    title = f"{place}：{category}"
    return title, f"{dice.choice(OPENINGS)}{place}存在“{category}”問題，{dice.choice(DETAILS)}"


def reason(dice: random.Random, action: str) -> str:
    """Return a reason for an action."""
    return dice.choice(REASONS.get(action, ("按規定辦理",)))


def answer(dice: random.Random) -> str:
    """Return the answer to the person who reported."""
    return dice.choice(ANSWERS)
