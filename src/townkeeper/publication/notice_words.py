"""The fixed words of orders' letters in the paper's own language, whatever the page's is."""

from collections.abc import Mapping

from msgspec import Struct

from townkeeper.publication.typeset.document import Language


class NoticeWords(Struct, frozen=True, kw_only=True):
    """What a letter says around the order's own text."""

    kinds: Mapping[str, str]
    many: str
    """The recipients where there are too many to name them."""
    basis: str
    by_leader: str
    one_deadline: str
    """Deadline, unit or office to report to."""
    own_deadlines: str
    contact: str
    units_table: str
    units_columns: tuple[str, str, str]
    cases_table: str
    cases_columns: tuple[str, ...]
    """Number, matter, kind, place, unit, due."""
    between: str
    ending: str
    date: str
    code: str
    """Order's chain in the journal, code."""
    simulated: str


WORDS: dict[Language, NoticeWords] = {
    "zh-Hant": NoticeWords(
        kinds={
            "supervision": "督辦函", "rectification": "整改通知書", "instruction": "批示件交辦通知",
            "talk": "約談通知書", "criticism": "通報",
        },
        many="各有關單位：",
        basis="依據：{text}。",
        by_leader="本件按{signer}批示交辦。",
        one_deadline="請於{deadline}前辦理完畢，並將辦理情況報{office}。",
        own_deadlines="請各單位在附件所列時限前辦理完畢，並將辦理情況報{office}。",
        contact="聯繫人及電話：{contact}。",
        units_table="辦理單位及時限",
        units_columns=("序號", "辦理單位", "辦理時限"),
        cases_table="所涉案件",
        cases_columns=("案件編號", "事項", "類別", "地點", "責任單位", "辦理期限"),
        between="，", ending="：", date="%Y年%-m月%-d日%H時%M分",
        code="本件已載入工作日誌（{chain}），核驗碼：{code}",
        simulated="模擬數據",
    ),
    "zh-Hans": NoticeWords(
        kinds={
            "supervision": "督办函", "rectification": "整改通知书", "instruction": "批示件交办通知",
            "talk": "约谈通知书", "criticism": "通报",
        },
        many="各有关单位：",
        basis="依据：{text}。",
        by_leader="本件按{signer}批示交办。",
        one_deadline="请于{deadline}前办理完毕，并将办理情况报{office}。",
        own_deadlines="请各单位在附件所列时限前办理完毕，并将办理情况报{office}。",
        contact="联系人及电话：{contact}。",
        units_table="办理单位及时限",
        units_columns=("序号", "办理单位", "办理时限"),
        cases_table="所涉案件",
        cases_columns=("案件编号", "事项", "类别", "地点", "责任单位", "办理期限"),
        between="，", ending="：", date="%Y年%-m月%-d日%H时%M分",
        code="本件已载入工作日志（{chain}），核验码：{code}",
        simulated="模拟数据",
    ),
    "en": NoticeWords(
        kinds={
            "supervision": "Supervision order", "rectification": "Rectification notice",
            "instruction": "Instruction", "talk": "Summons to a talk",
            "criticism": "Circular of criticism",
        },
        many="To all units concerned:",
        basis="Basis: {text}.",
        by_leader="This follows an instruction of {signer}.",
        one_deadline="Please finish this by {deadline} and report to {office}.",
        own_deadlines="Please finish this by the attached deadlines and report to {office}.",
        contact="Contact: {contact}.",
        units_table="Units and deadlines",
        units_columns=("No.", "Unit", "Deadline"),
        cases_table="Cases concerned",
        cases_columns=("Case", "Matter", "Kind", "Place", "Unit", "Due"),
        between=", ", ending=":", date="%H:%M on %-d %B %Y",
        code="Recorded in the journal ({chain}), verification code {code}",
        simulated="Simulated data",
    ),
}  # fmt: skip
