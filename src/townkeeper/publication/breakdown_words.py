"""The fixed words of task breakdown tables and closing reports in the document's own language."""

from collections.abc import Mapping

from msgspec import Struct

from townkeeper.publication.typeset.document import Language


class BreakdownWords(Struct, frozen=True, kw_only=True):
    """What is printed around a campaign's own words."""

    masthead: str
    breakdown: str
    closing: str
    recipients: str
    exposed: str
    exposed_by: str
    ordered: str
    asked: str
    table: str
    units_table: str
    columns: tuple[str, ...]
    """Number, problem, place, category, unit, assistants, leader, deadline, state, case."""
    more: tuple[str, ...]
    """In the spreadsheet also: basis, handled at, working hours, reminders."""
    unit_columns: tuple[str, ...]
    states: Mapping[str, str]
    late: str
    basis: Mapping[str, str]
    as_of: str
    clipped: str
    result: str
    result_text: str
    in_time: str
    in_time_text: str
    behind: str
    behind_text: str
    duration: str
    duration_text: str
    note: str
    none: str
    between: str
    times: str
    date: str


WORDS: dict[Language, BreakdownWords] = {
    "zh-Hant": BreakdownWords(
        masthead="%s文件",
        breakdown="%s任務分解表",
        closing="關於%s辦理情況的通報",
        recipients="各責任單位：",
        exposed="現將曝光的{rows}個問題分解到{units}個責任單位。",
        exposed_by="現將{source}曝光的{rows}個問題分解到{units}個責任單位。",
        ordered="現將本項任務交{units}個單位辦理，共{rows}項。",
        asked="請各責任單位按時限整改，並將整改落實情況報{office}。",
        table="任務分解表",
        units_table="各單位辦理情況",
        columns=(
            "序號",
            "問題",
            "地點",
            "類別",
            "責任單位",
            "配合單位",
            "責任領導",
            "整改時限",
            "狀態",
            "案件編號",
        ),
        more=("責任依據", "處置時間", "用時（工作時）", "提醒次數"),
        unit_columns=(
            "單位",
            "任務",
            "按時辦結",
            "逾期辦結",
            "待覆核",
            "辦理中",
            "未開始",
            "其中逾期",
            "作廢",
            "平均用時（工作時）",
            "提醒次數",
        ),
        states={
            "preparing": "待交辦",
            "not-begun": "未開始",
            "running": "辦理中",
            "reported": "待覆核",
            "done": "已辦結",
            "voided": "已作廢",
        },
        late="，逾期",
        basis={"list": "清單指定", "register": "職責清單", "order": "督辦指定"},
        as_of="數據截至%s",
        clipped="僅列前%s項，共%s項，其餘見電子表格。",
        result="一、總體情況",
        result_text="共{rows}項，辦結{done}項，其中按時{on_time}項、逾期{late}項；待覆核{reported}項，"
        "辦理中{running}項，未開始{not_begun}項，作廢{voided}項。",
        in_time="二、全部按時辦結的單位",
        in_time_text="{names}。",
        behind="三、逾期或未辦結的單位",
        behind_text="{names}。",
        duration="四、用時",
        duration_text="從交辦到報送整改情況，中位數{median}工作時，最長{longest}工作時；"
        "共提醒{reminders}次。",
        note="五、說明",
        none="無",
        between="、",
        times="%s（%s項）",
        date="%-m月%-d日 %H:%M",
    ),
    "zh-Hans": BreakdownWords(
        masthead="%s文件",
        breakdown="%s任务分解表",
        closing="关于%s办理情况的通报",
        recipients="各责任单位：",
        exposed="现将曝光的{rows}个问题分解到{units}个责任单位。",
        exposed_by="现将{source}曝光的{rows}个问题分解到{units}个责任单位。",
        ordered="现将本项任务交{units}个单位办理，共{rows}项。",
        asked="请各责任单位按时限整改，并将整改落实情况报{office}。",
        table="任务分解表",
        units_table="各单位办理情况",
        columns=(
            "序号",
            "问题",
            "地点",
            "类别",
            "责任单位",
            "配合单位",
            "责任领导",
            "整改时限",
            "状态",
            "案件编号",
        ),
        more=("责任依据", "处置时间", "用时（工作时）", "提醒次数"),
        unit_columns=(
            "单位",
            "任务",
            "按时办结",
            "逾期办结",
            "待复核",
            "办理中",
            "未开始",
            "其中逾期",
            "作废",
            "平均用时（工作时）",
            "提醒次数",
        ),
        states={
            "preparing": "待交办",
            "not-begun": "未开始",
            "running": "办理中",
            "reported": "待复核",
            "done": "已办结",
            "voided": "已作废",
        },
        late="，逾期",
        basis={"list": "清单指定", "register": "职责清单", "order": "督办指定"},
        as_of="数据截至%s",
        clipped="仅列前%s项，共%s项，其余见电子表格。",
        result="一、总体情况",
        result_text="共{rows}项，办结{done}项，其中按时{on_time}项、逾期{late}项；待复核{reported}项，"
        "办理中{running}项，未开始{not_begun}项，作废{voided}项。",
        in_time="二、全部按时办结的单位",
        in_time_text="{names}。",
        behind="三、逾期或未办结的单位",
        behind_text="{names}。",
        duration="四、用时",
        duration_text="从交办到报送整改情况，中位数{median}工作时，最长{longest}工作时；"
        "共提醒{reminders}次。",
        note="五、说明",
        none="无",
        between="、",
        times="%s（%s项）",
        date="%-m月%-d日 %H:%M",
    ),
    "en": BreakdownWords(
        masthead="%s",
        breakdown="%s: task breakdown",
        closing="Report on %s",
        recipients="To all responsible units:",
        exposed="The {rows} problems that were exposed are given to {units} units.",
        exposed_by="The {rows} problems exposed by {source} are given to {units} units.",
        ordered="This task is given to {units} units, {rows} items in all.",
        asked="Each unit puts its items right by the deadline and reports to {office}.",
        table="Task breakdown",
        units_table="Results by unit",
        columns=(
            "No.",
            "Problem",
            "Place",
            "Kind",
            "Responsible unit",
            "Assisting",
            "Leader",
            "Deadline",
            "State",
            "Case",
        ),
        more=("Why this unit", "Handled at", "Working hours", "Reminders"),
        unit_columns=(
            "Unit",
            "Items",
            "Done in time",
            "Done late",
            "To verify",
            "Running",
            "Not begun",
            "Overdue",
            "Voided",
            "Mean working hours",
            "Reminders",
        ),
        states={
            "preparing": "to hand over",
            "not-begun": "not begun",
            "running": "running",
            "reported": "to verify",
            "done": "done",
            "voided": "voided",
        },
        late=", late",
        basis={
            "list": "named in the list",
            "register": "duty register",
            "order": "named in the order",
        },
        as_of="Data as of %s",
        clipped="The first %s of %s; the others are in the spreadsheet.",
        result="1. Result",
        result_text="Of {rows} items {done} are done, {on_time} in time and {late} late; "
        "{reported} wait for verification, {running} are running, {not_begun} not begun, "
        "{voided} voided.",
        in_time="2. Units that did everything in time",
        in_time_text="{names}.",
        behind="3. Units that were late or are not done",
        behind_text="{names}.",
        duration="4. Time taken",
        duration_text="From the order to the report: median {median} "
        "working hours, longest {longest}; {reminders} reminders.",
        note="5. Remarks",
        none="None",
        between=", ",
        times="%s (%s)",
        date="%-d %b %H:%M",
    ),
}
