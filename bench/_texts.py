"""Chinese texts for made-up cases: the simulation's sentences, and real ones where there are any."""

import re
from pathlib import Path

from townkeeper.programs.simulation.texts import ANSWERS, DETAILS, OPENINGS

MESSAGES = Path(__file__).parents[2] / "shared" / "data" / "messages"
FILES = ("messages_hot_topics.xlsx", "messages_with_replies.xlsx", "附件2-示例.xlsx")
SENTENCE = re.compile(r"[^。！？；\s]{8,60}[。！？；]?")
MOST = 30_000
MORE = (
    "昨天晚上又來了三輛車，把人行道全部佔了。",
    "路燈壞了兩個多星期，晚上出行很不方便。",
    "排水溝堵塞，一下雨污水就漫到路面上。",
    "打電話問過社區，說要等上面安排。",
    "旁邊就是學校，上學放學時間特別危險。",
    "早上六點就開始放喇叭，周圍居民沒法休息。",
    "施工圍擋沒有警示燈，電動車撞上去過。",
    "夜市攤販把油污直接倒進下水道。",
    "綠化帶被踩出一條路，樹苗都枯死了。",
    "建築垃圾堆了半個月，風一吹到處是灰。",
    "井蓋鬆動，車子經過聲音很響。",
    "廣告牌掉了一半，隨時可能砸到人。",
    "菜市場門口三輪車亂停，公交車進不了站。",
    "公廁沒有人打掃，水龍頭一直漏水。",
    "消防通道被私家車長期佔用。",
    "河邊有人焚燒秸稈，煙味飄進小區。",
    "小區門口的垃圾桶滿了三天沒有清運。",
    "餐館的煙道對著居民窗戶，油煙很大。",
    "希望有關部門儘快到現場查看並給予答覆。",
    "去年也反映過，當時處理了，今年又是老樣子。",
    "周邊老人比較多，請優先處理。",
    "已經拍了照片，需要的話可以提供。",
    "據說產權單位和管理單位互相推諉，沒有人負責。",
    "請告知處理的時間和責任單位。",
)
STREETS = (
    "東興", "漢安", "星橋", "大千", "紅星", "西林", "勝利", "新江", "蘭桂", "北環", "太白", "雙洞",
    "平安", "民族", "和平", "建設", "人民", "解放", "中山", "玉溪", "甜城", "沱江", "江華", "外貿",
    "文英", "桐梓", "壕子口", "交通", "公園", "新華",
)  # fmt: skip
STREET_KINDS = ("路", "街", "大道", "巷", "橫街", "東路", "南路", "正街")
FAMILY = "王李張劉陳楊黃趙周吳徐孫馬胡朱郭何羅高林"
GIVEN = "偉芳娜敏靜麗強磊軍洋勇艷傑娟濤明超蘭霞平剛桂英"


def real_texts(folder=MESSAGES):
    """Return titles and sentences of the real messages beside the checkout, or two empty lists."""
    titles, sentences = {}, {}
    for name in FILES:
        path = folder / name
        if not path.exists():
            continue
        from python_calamine import CalamineWorkbook  # noqa: PLC0415 - only where there is a file

        head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        at_title, at_text = head.index("留言主题"), head.index("留言详情")
        for row in rows:
            title = clean(row[at_title])[:60]
            if len(title) > 4:
                titles[title] = None
            for sentence in SENTENCE.findall(clean(row[at_text])):
                sentences[sentence] = None
    return list(titles), list(sentences)[:MOST]


def clean(value):
    """One line that every database takes."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\\\u3000]", " ", str(value)).split())


def sentences(*, real):
    """Return the sentences that descriptions are put together from."""
    own = [*DETAILS, *MORE]
    return [*own * max(1, len(real) // (2 * len(own))), *real] if real else own


def openings():
    return list(OPENINGS)


def answers():
    return list(ANSWERS)
