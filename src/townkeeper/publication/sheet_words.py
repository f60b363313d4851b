"""The fixed words of a printed case sheet in the sheet's own language."""

from collections.abc import Mapping

from msgspec import Struct

from townkeeper.publication.typeset.document import Language


class SheetWords(Struct, frozen=True, kw_only=True):
    """What is printed around a case's own facts."""

    title: str
    number: str
    matter: str
    state: str
    category: str
    channel: str
    opened: str
    area: str
    address: str
    unit: str
    due: str
    promise: str
    reporter: str
    closed: str
    outcome: str
    text: str
    answer: str
    anonymous: str
    steps: str
    step_columns: tuple[str, ...]
    """Step, unit, person, begun, due, done, result."""
    clock: str
    asks: str
    ask_columns: tuple[str, ...]
    """What, unit, reason, decision."""
    waiting: str
    late: str
    running: str
    cancelled: str
    photos: str
    kinds: Mapping[str, str]
    outcomes: Mapping[str, str]
    signatures: tuple[str, str, str]
    history: str
    entries: str
    check: str
    printed: str
    none: str
    simulated: str
    imported: str


WORDS: dict[Language, SheetWords] = {
    "zh-Hant": SheetWords(
        title="案件辦理單", number="編號", matter="事項", state="當前環節", category="類別",
        channel="來源", opened="受理時間", area="所屬區域", address="地點", unit="責任單位",
        due="辦理期限", promise="對外承諾", reporter="反映人", closed="結案時間",
        outcome="辦理結果",
        text="反映內容", answer="答覆", anonymous="匿名",
        steps="辦理環節",
        step_columns=("環節", "單位", "經辦人", "開始", "期限", "完成", "結果"),
        clock="期限如何算出", asks="申請與裁定",
        ask_columns=("申請", "單位", "理由", "裁定"),
        waiting="待裁定", late="逾期", running="辦理中",
        cancelled="隨主辦終結", photos="現場照片",
        kinds={"before-photo": "處置前", "after-photo": "處置後", "document": "材料"},
        outcomes={
            "fixed": "已解決", "partly": "部分解決", "not-ours": "非本地職責",
            "unsolvable": "無法解決", "refused": "不予受理", "voided": "作廢",
        },
        signatures=("經辦人簽字", "承辦單位意見", "核查人簽字"),
        history="辦理記錄鏈首：", entries="共{n}條記錄",
        check="核驗：townkeeper verify --case {number}；列印本單即記入該鏈下一條。",
        printed="{when} 由{who}列印", none="—", simulated="模擬數據", imported="導入數據",
    ),
    "zh-Hans": SheetWords(
        title="案件办理单", number="编号", matter="事项", state="当前环节", category="类别",
        channel="来源", opened="受理时间", area="所属区域", address="地点", unit="责任单位",
        due="办理期限", promise="对外承诺", reporter="反映人", closed="结案时间",
        outcome="办理结果",
        text="反映内容", answer="答复", anonymous="匿名",
        steps="办理环节",
        step_columns=("环节", "单位", "经办人", "开始", "期限", "完成", "结果"),
        clock="期限如何算出", asks="申请与裁定",
        ask_columns=("申请", "单位", "理由", "裁定"),
        waiting="待裁定", late="逾期", running="办理中",
        cancelled="随主办终结", photos="现场照片",
        kinds={"before-photo": "处置前", "after-photo": "处置后", "document": "材料"},
        outcomes={
            "fixed": "已解决", "partly": "部分解决", "not-ours": "非本地职责",
            "unsolvable": "无法解决", "refused": "不予受理", "voided": "作废",
        },
        signatures=("经办人签字", "承办单位意见", "核查人签字"),
        history="办理记录链首：", entries="共{n}条记录",
        check="核验：townkeeper verify --case {number}；打印本单即记入该链下一条。",
        printed="{when} 由{who}打印", none="—", simulated="模拟数据", imported="导入数据",
    ),
    "en": SheetWords(
        title="Case sheet", number="No.", matter="Matter", state="State", category="Category",
        channel="Channel", opened="Opened", area="Area", address="Address", unit="Unit",
        due="Due", promise="Public promise", reporter="Reporter", closed="Closed",
        outcome="Outcome", text="What was reported", answer="Answer", anonymous="anonymous",
        steps="Steps",
        step_columns=("Step", "Unit", "Person", "Begun", "Due", "Done", "Result"),
        clock="How the limit was counted", asks="Asked for and decided",
        ask_columns=("Request", "Unit", "Reason", "Decision"),
        waiting="waits for a decision", late="late", running="under way",
        cancelled="ended with the lead", photos="Photos",
        kinds={"before-photo": "before", "after-photo": "after", "document": "paper"},
        outcomes={
            "fixed": "fixed", "partly": "partly fixed", "not-ours": "not ours to fix",
            "unsolvable": "cannot be fixed", "refused": "not accepted", "voided": "voided",
        },
        signatures=("Handled by", "Opinion of the unit", "Verified by"),
        history="Head of the history:", entries="{n} entries",
        check="Check with: townkeeper verify --case {number}; printing this is the next entry.",
        printed="Printed {when} by {who}", none="—", simulated="Simulated data",
        imported="Imported data",
    ),
}  # fmt: skip
