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
    "give_up": ("產權不清，暫無法解決", "須列入明年工程計劃"),
    "statement": (
        "按職責登記，該路段由派遣單位管養，與本單位無關",
        "本單位只負責執法，清運不在職責之內",
        "同意接辦，請辦理移交",
    ),
    "upheld": ("經核對職責登記，該事項屬被指單位", "現場在被指單位管養界線之內"),
    "rejected": ("職責登記明確，由原單位負責，不得推諉", "屬地與主管均指向原單位，異議不成立"),
    "not_ours": ("屬上級部門權責，已整理材料轉報",),
    "not_ours_answer": ("您反映的事項屬市級部門權責，已轉報市級部門辦理。",),
    "granted": ("情況屬實，同意",),
    "denied": ("理由不充分，請抓緊辦理",),
    "keep": ("條件仍不具備，繼續列入", "資金尚未落實，下期再審"),
    "resume": ("資金已落實，恢復處置", "產權已釐清，恢復處置"),
    "end": ("經多次覆審，現有條件無法解決",),
    "end_answer": ("您反映的問題受現有條件所限暫無法解決，已說明原因，敬請諒解。",),
    "pass_partly": ("主要問題已解決，餘下部分須待雨季後處理",),
    "satisfied": ("處理得很快", "現場已經乾淨了", ""),
    "partly": ("清了一部分，旁邊還有", "處理慢了些"),
    "dissatisfied": ("過兩天又出現了，請再處理", "現場根本沒有變化"),
}
CLAUSES = ("職責登記第3條", "職責登記第11條", "三定方案第二款", "道路管養移交清單")
GROUNDS = {
    "suspend": ("permit", "appraisal", "weather"),
    "give_up": ("ownership", "funds", "technical"),
}


def report_text(dice: random.Random, place: str, category: str) -> tuple[str, str]:
    """Return title and description of a report."""
    title = f"{place}：{category}"
    return title, f"{dice.choice(OPENINGS)}{place}存在“{category}”問題，{dice.choice(DETAILS)}"


def reason(dice: random.Random, action: str) -> str:
    """Return a reason for an action."""
    return dice.choice(REASONS.get(action, ("按規定辦理",)))


def clause(dice: random.Random) -> str:
    """Return the rule that a unit relies on."""
    return dice.choice(CLAUSES)


def ground(dice: random.Random, action: str) -> str:
    """Return one of the lawful grounds of an action; nothing where it needs none."""
    return dice.choice(GROUNDS[action]) if action in GROUNDS else ""


def answer(dice: random.Random) -> str:
    """Return the answer to the person who reported."""
    return dice.choice(ANSWERS)
