# ruff: noqa: E501 - Chinese punctuation; one sentence is one line
"""Holds the sentences about procedures: what is wrong and what would be right, in three languages."""

FINDINGS: dict[str, tuple[str, str, str]] = {
    "counter-never-raised": (
        "The counter “{counter}” is read but no action raises it. Give an action “counts: {counter}”.",
        "计数“{counter}”有地方读取，却没有任何操作累加它。应在某个操作写上“counts: {counter}”。",
        "計數「{counter}」有地方讀取，卻沒有任何操作累加它。應在某個操作寫上「counts: {counter}」。",
    ),
    "start-unknown": (
        "The start “{step}” is not a step. Name one of the steps.",
        "起始环节“{step}”不存在。应填写已有的环节。",
        "起始環節「{step}」不存在。應填寫已有的環節。",
    ),
    "start-final": (
        "The start “{step}” is a final step, so nothing would ever be done. Start with a step that has actions.",
        "起始环节“{step}”同时是终结环节，什么也办不了。应从有操作的环节开始。",
        "起始環節「{step}」同時是終結環節，甚麼也辦不了。應從有操作的環節開始。",
    ),
    "same-at-start": (
        "“unit: same” means the unit of the step before, and “{step}” is the first. Use “opener” or “office”.",
        "“unit: same”指上一环节的单位，而“{step}”是第一个环节。应改用“opener”或“office”。",
        "「unit: same」指上一環節的單位，而「{step}」是第一個環節。應改用「opener」或「office」。",
    ),
    "no-final": (
        "No step is final, so no case could ever end. Mark at least one step “final: true”.",
        "没有终结环节，任何案件都办不完。至少应有一个环节写上“final: true”。",
        "沒有終結環節，任何案件都辦不完。至少應有一個環節寫上「final: true」。",
    ),
    "step-unreachable": (
        "No action leads to “{step}”. Lead an action to it, or remove it.",
        "没有任何操作通向“{step}”。应有操作通向它，否则应删去。",
        "沒有任何操作通向「{step}」。應有操作通向它，否則應刪去。",
    ),
    "dead-end": (
        "A case that comes to “{step}” stays there: no action leaves it. Add an action with “to”, or make it final.",
        "案件到了“{step}”就出不去：没有操作通向别的环节。应增加带“to”的操作，或设为终结环节。",
        "案件到了「{step}」就出不去：沒有操作通向別的環節。應增加帶「to」的操作，或設為終結環節。",
    ),
    "no-way-out": (
        "From “{step}” no final step can be reached: the case goes round for ever. Lead one of its actions towards an end.",
        "从“{step}”出发到不了任何终结环节，只会循环。应有操作通向终结。",
        "從「{step}」出發到不了任何終結環節，只會循環。應有操作通向終結。",
    ),
    "final-with-actions": (
        "“{action}” of the final step “{step}” must ask somebody (“ask”) and lead back into work (“to”): an end is only undone when a person decides so.",
        "终结环节“{step}”的操作“{action}”必须是申请（“ask”）并回到办理环节（“to”）：已办结的，只能由人决定重办。",
        "終結環節「{step}」的操作「{action}」必須是申請（「ask」）並回到辦理環節（「to」）：已辦結的，只能由人決定重辦。",
    ),
    "final-with-branches": (
        "The final step “{step}” has branches, which nobody could work on. Remove them, or do not make it final.",
        "终结环节“{step}”带有分支，无人能办。应删去，或不设为终结。",
        "終結環節「{step}」帶有分支，無人能辦。應刪去，或不設為終結。",
    ),
    "end-never-sure": (
        "“{action}” has no “within”, so no end is ever final. Say until when it may be asked for, such as “15d”.",
        "“{action}”没有写“within”，任何办结都没有定论。应写明多久之内可以申请，如“15d”。",
        "「{action}」沒有寫「within」，任何辦結都沒有定論。應寫明多久之內可以申請，如「15d」。",
    ),
    "effect-unknown": (
        "The effect “{effect}” is not known, so no ledger would show it. Use dispute, extension, stop, reopening or unsolvable.",
        "效果“{effect}”不存在，台账无法列示。应为 dispute、extension、stop、reopening 或 unsolvable。",
        "效果「{effect}」不存在，台賬無法列示。應為 dispute、extension、stop、reopening 或 unsolvable。",
    ),
    "reporter-misplaced": (
        "The reporter can only ask after the end, but “{action}” is open work. Move it to a final step, or name another role.",
        "反映人只能在办结之后提出申请，“{action}”却在办理之中。应移到终结环节，或改用别的角色。",
        "反映人只能在辦結之後提出申請，「{action}」卻在辦理之中。應移到終結環節，或改用別的角色。",
    ),
    "reopening-not-final": (
        "“{action}” is called a reopening, but the case has not ended there. Put it at a final step.",
        "“{action}”称为重办，但案件在此尚未办结。应写在终结环节。",
        "「{action}」稱為重辦，但案件在此尚未辦結。應寫在終結環節。",
    ),
    "ask-own": (
        "“{action}” is asked for and decided by the same role “{role}”. Let another role ask, or another decide.",
        "“{action}”由同一角色“{role}”申请又由其决定。应由另一角色申请，或由另一角色决定。",
        "「{action}」由同一角色「{role}」申請又由其決定。應由另一角色申請，或由另一角色決定。",
    ),
    "within-invalid": (
        "“{limit}” cannot say how long something is possible. Write for instance 4wh, 2wd or 15d.",
        "“{limit}”不能表示多久之内可以办。应写如 4wh、2wd 或 15d。",
        "「{limit}」不能表示多久之內可以辦。應寫如 4wh、2wd 或 15d。",
    ),
    "within-too-long": (
        "“{action}” may be raised within {within}, longer than the {limit} of the step: it would only excuse what is already late. Shorten it.",
        "“{action}”可在{within}内提出，长于本环节时限{limit}：这只会为超期开脱。应缩短。",
        "「{action}」可在{within}內提出，長於本環節時限{limit}：這只會為超期開脫。應縮短。",
    ),
    "dispute-not-asked": (
        "The dispute “{action}” must ask an arbiter (“ask”) and lead to a step of the units on duty (“to”): until the ruling the case stays with the unit that has it.",
        "权责异议“{action}”必须请人裁定（“ask”）并通向责任单位的环节（“to”）：裁定之前，案件仍由首接单位负责。",
        "權責異議「{action}」必須請人裁定（「ask」）並通向責任單位的環節（「to」）：裁定之前，案件仍由首接單位負責。",
    ),
    "dispute-without-reason": (
        "The dispute “{action}” needs no reason, so its ruling can teach nothing. Write “reason: required”.",
        "权责异议“{action}”无须理由，裁定就无从成为先例。应写“reason: required”。",
        "權責異議「{action}」無須理由，裁定就無從成為先例。應寫「reason: required」。",
    ),
    "judge-without-answer": (
        "“{step}” lets the reporter judge an answer that is never given. Make it final with “answer: required”, or remove “judge”.",
        "“{step}”请反映人评价答复，却没有答复可评。应设为终结并写“answer: required”，或删去“judge”。",
        "「{step}」請反映人評價答覆，卻沒有答覆可評。應設為終結並寫「answer: required」，或刪去「judge」。",
    ),
    "shelved-without-date": (
        "What cannot be solved now waits in “{step}” without a review date. Give it a limit such as 90d, and do not make it final.",
        "“{step}”存放暂无法解决的问题，却没有复审日期。应写时限，如90d，且不得设为终结。",
        "「{step}」存放暫無法解決的問題，卻沒有覆審日期。應寫時限，如90d，且不得設為終結。",
    ),
    "rung-invalid": (
        "“{at}” is not a rung. Write a share below 100% (80%), “due”, or a length from it (due-1wh, due+1wd).",
        "“{at}”不是升级节点。应写小于100%的比例（80%）、“due”或距到期的时长（due-1wh、due+1wd）。",
        "「{at}」不是升級節點。應寫小於100%的比例（80%）、「due」或距到期的時長（due-1wh、due+1wd）。",
    ),
    "ladder-order": (
        "The rung “{at}” comes after “{before}” but is not reached later. Write the rungs in the order of time, each once.",
        "升级节点“{at}”写在“{before}”之后，却不晚于它。应按时间先后各写一次。",
        "升級節點「{at}」寫在「{before}」之後，卻不晚於它。應按時間先後各寫一次。",
    ),
    "rung-silent": (
        "At “{at}” nobody is told and nothing is counted. Write whom it tells, or remove it.",
        "到“{at}”时既不通知谁，也不计数。应写明通知谁，或删去。",
        "到「{at}」時既不通知誰，也不計數。應寫明通知誰，或刪去。",
    ),
    "ladder-without-limit": (
        "“{step}” has a ladder but no clock that could climb it. Give it a limit, or remove the ladder.",
        "“{step}”写了升级节点却没有时限。应设时限，或删去升级节点。",
        "「{step}」寫了升級節點卻沒有時限。應設時限，或刪去升級節點。",
    ),
    "stop-without-grounds": (
        "“{action}” stops the clock for any reason at all. List the lawful grounds under “grounds”, each with its evidence.",
        "“{action}”可以任何理由停止计时。应在“grounds”列明法定情形及所需证据。",
        "「{action}」可以任何理由停止計時。應在「grounds」列明法定情形及所需證據。",
    ),
    "answer-not-final": (
        "“{step}” asks for an answer but is not final. The answer is given when a case ends: put it at the final step.",
        "“{step}”要求答复，却不是终结环节。答复在办结时作出，应写在终结环节。",
        "「{step}」要求答覆，卻不是終結環節。答覆在辦結時作出，應寫在終結環節。",
    ),
    "performer-missing": (
        "Nobody is named who works on “{step}”. Give it a “performer”.",
        "“{step}”没有指明由谁办理。应写明“performer”。",
        "「{step}」沒有指明由誰辦理。應寫明「performer」。",
    ),
    "warn-range": (
        "The warning at {warn} is not a share between 0 and 1 (0% and 100%). Write for instance “80%”.",
        "预警值{warn}不在0与1（0%与100%）之间。应写如“80%”。",
        "預警值{warn}不在0與1（0%與100%）之間。應寫如「80%」。",
    ),
    "warn-without-limit": (
        "“{step}” warns of a limit that it does not have. Give it a limit, or remove “warn”.",
        "“{step}”设了预警却没有时限。应设时限，或删去“warn”。",
        "「{step}」設了預警卻沒有時限。應設時限，或刪去「warn」。",
    ),
    "no-rescue": (
        "When the duty register names no unit for “{step}”, nobody can move the case on. Give another role (a dispatcher) an action that leads on.",
        "若职责库找不到“{step}”的责任单位，就没有人能推进。应让另一角色（如派遣员）有可用的操作。",
        "若職責庫找不到「{step}」的責任單位，就沒有人能推進。應讓另一角色（如派遣員）有可用的操作。",
    ),
    "title-language": (
        "The title is missing in: {languages}. Give it in every language of the procedure's own title.",
        "名称缺少以下语言：{languages}。应与流程名称的语言一致。",
        "名稱缺少以下語言：{languages}。應與流程名稱的語言一致。",
    ),
    "revisit-not-final": (
        "“{step}” has a revisit but is not final. Cases are looked at again after they end: put it at the final step.",
        "“{step}”设了回访复查，却不是终结环节。复查在办结之后，应写在终结环节。",
        "「{step}」設了回訪複查，卻不是終結環節。複查在辦結之後，應寫在終結環節。",
    ),
    "share-range": (
        "A share of {share} of the closed cases cannot be drawn. It must be above 0% and at most 100%.",
        "无法抽取{share}的已结案件。比例应大于0%且不超过100%。",
        "無法抽取{share}的已結案件。比例應大於0%且不超過100%。",
    ),
    "revisit-order": (
        "The revisit ends on day {last}, before it begins on day {first}. Write the smaller number first.",
        "复查截止第{last}天，早于开始的第{first}天。应先写小的数。",
        "複查截止第{last}天，早於開始的第{first}天。應先寫小的數。",
    ),
    "stage-unknown": (
        "The stage “{stage}” is not known, so no metric would count it.",
        "阶段“{stage}”不存在，指标无法统计。",
        "階段「{stage}」不存在，指標無法統計。",
    ),
    "role-unknown": (
        "The role “{role}” does not exist. Use a role of the program, or add it there.",
        "角色“{role}”不存在。应使用程序中的角色，或先在程序中增加。",
        "角色「{role}」不存在。應使用程序中的角色，或先在程序中增加。",
    ),
    "decider-unknown": (
        "The request would go to the role “{role}”, which does not exist, so nobody could decide it. Name a role of the program.",
        "申请交由角色“{role}”决定，但该角色不存在。应填写程序中的角色。",
        "申請交由角色「{role}」決定，但該角色不存在。應填寫程序中的角色。",
    ),
    "evidence-unknown": (
        "Evidence of the kind “{kind}” cannot be given by anybody. Use a kind that the system takes.",
        "没有人能提交“{kind}”这种证据。应使用系统接受的种类。",
        "沒有人能提交「{kind}」這種證據。應使用系統接受的種類。",
    ),
    "kind-unknown": (
        "The kind of case “{kind}” is not among the procedure's “kinds”. Add it there, or use one of them.",
        "件类型“{kind}”不在流程的“kinds”之中。应先列入，或改用已有类型。",
        "件類型「{kind}」不在流程的「kinds」之中。應先列入，或改用已有類型。",
    ),
    "target-unknown": (
        "The action leads to “{step}”, which is not a step. Name one of the steps.",
        "操作通向的“{step}”不是环节。应填写已有的环节。",
        "操作通向的「{step}」不是環節。應填寫已有的環節。",
    ),
    "clock-and-leave": (
        "“{action}” both leaves the step and changes its clock. A clock that is left cannot pause, resume or be extended: make two actions.",
        "“{action}”既离开环节又改动其计时。离开后计时已止，应分成两个操作。",
        "「{action}」既離開環節又改動其計時。離開後計時已止，應分成兩個操作。",
    ),
    "pauses-and-resumes": (
        "“{action}” both pauses and resumes. Make two actions of it.",
        "“{action}”既中止又恢复。应分成两个操作。",
        "「{action}」既中止又恢復。應分成兩個操作。",
    ),
    "outcome-not-final": (
        "“{action}” names an outcome but does not end the case. Give the outcome where the case ends.",
        "“{action}”写了结果，却没有办结案件。结果应写在办结的操作上。",
        "「{action}」寫了結果，卻沒有辦結案件。結果應寫在辦結的操作上。",
    ),
    "limit-invalid": (
        "“{limit}” is not a limit. Write 30wmin, 4wh, 2wd (working time), 45min, 24h, 7d, same-day, 20:30 or by-category.",
        "“{limit}”不是时限。应写 30wmin、4wh、2wd（工作时间）、45min、24h、7d、same-day、20:30 或 by-category。",
        "「{limit}」不是時限。應寫 30wmin、4wh、2wd（工作時間）、45min、24h、7d、same-day、20:30 或 by-category。",
    ),
    "limit-too-long": (
        "The limit {limit} is longer than the {whole} of the whole. Shorten it, or lengthen the whole.",
        "时限{limit}长于整体时限{whole}。应缩短它，或延长整体时限。",
        "時限{limit}長於整體時限{whole}。應縮短它，或延長整體時限。",
    ),
    "not-unknown": (
        "“not” names the step “{step}”, which does not exist. Name one of the steps.",
        "“not”所写的环节“{step}”不存在。应填写已有的环节。",
        "「not」所寫的環節「{step}」不存在。應填寫已有的環節。",
    ),
    "not-self": (
        "“{step}” bars those who acted in itself, so that after one return nobody of them may act again. Name another step.",
        "“{step}”排除了在本环节办理过的人，退回一次后原办理人就不能再办。应填写别的环节。",
        "「{step}」排除了在本環節辦理過的人，退回一次後原辦理人就不能再辦。應填寫別的環節。",
    ),
    "not-everyone": (
        "All who may act here ({roles}) also act in the barred steps; where one person holds the role, nobody is left. Name a role of its own.",
        "可在此办理的角色（{roles}）都会在被排除的环节办理；若只有一人担任，就无人可办。宜另设角色。",
        "可在此辦理的角色（{roles}）都會在被排除的環節辦理；若只有一人擔任，就無人可辦。宜另設角色。",
    ),
    "branch-twice": (
        "There are two branches called “{branch}”. Give each its own name.",
        "有两个分支都叫“{branch}”。应各用各的名称。",
        "有兩個分支都叫「{branch}」。應各用各的名稱。",
    ),
    "join-missing": (
        "The branches of “{step}” never come together: no action ends a branch and leads on. Add one with “to” (and “ends: task”).",
        "“{step}”的分支无法汇合：没有操作能完成分支并通向下一环节。应增加带“to”（及“ends: task”）的操作。",
        "「{step}」的分支無法匯合：沒有操作能完成分支並通向下一環節。應增加帶「to」（及「ends: task」）的操作。",
    ),
    "lead-missing": (
        "“{step}” waits for its lead, but no branch has “role: lead”. Name the lead, or use “join: all”.",
        "“{step}”等候牵头方，却没有分支写“role: lead”。应指明牵头，或改用“join: all”。",
        "「{step}」等候牽頭方，卻沒有分支寫「role: lead」。應指明牽頭，或改用「join: all」。",
    ),
    "pause-for-ever": (
        "“{action}” stops the clock and no action of the step starts it again. Add an action with “resumes: true”.",
        "“{action}”中止计时后，本环节没有操作能恢复。应增加带“resumes: true”的操作。",
        "「{action}」中止計時後，本環節沒有操作能恢復。應增加帶「resumes: true」的操作。",
    ),
    "resume-nothing": (
        "“{action}” resumes a clock that nothing in the step stops. Add an action with “pauses: true”, or remove it.",
        "“{action}”恢复计时，但本环节没有操作会中止。应增加带“pauses: true”的操作，或删去。",
        "「{action}」恢復計時，但本環節沒有操作會中止。應增加帶「pauses: true」的操作，或刪去。",
    ),
}

SYNTAX: dict[str, tuple[str, str, str]] = {
    "not-mapping": (
        "Here should stand “key: value” lines, not “{value}”. Look at the indent.",
        "此处应为“键: 值”，而不是“{value}”。请检查缩进。",
        "此處應為「鍵: 值」，而不是「{value}」。請檢查縮排。",
    ),
    "key-not-text": (
        "The key {key} was not read as text. Put it in quotes.",
        "键 {key} 未被读作文字。应加引号。",
        "鍵 {key} 未被讀作文字。應加引號。",
    ),
    "key-unknown": (
        "“{key}” is not known here.",
        "此处没有“{key}”这一项。",
        "此處沒有「{key}」這一項。",
    ),
    "key-missing": (
        "“{key}” is missing. Add it.",
        "缺少“{key}”。应补上。",
        "缺少「{key}」。應補上。",
    ),
    "name-invalid": (
        "“{name}” cannot be a name. Use small English letters, digits, - and _, at most 30; the words for people go into “title”.",
        "“{name}”不能作名称。只能用小写英文字母、数字、- 和 _，最多30个；给人看的文字写在“title”。",
        "「{name}」不能作名稱。只能用小寫英文字母、數字、- 和 _，最多30個；給人看的文字寫在「title」。",
    ),
    "name-twice": (
        "“{name}” stands here twice. Give each its own name.",
        "“{name}”重复。应各用各的名称。",
        "「{name}」重複。應各用各的名稱。",
    ),
    "not-text": (
        "Here should stand a text, not “{value}”. If it is one, put it in quotes.",
        "此处应为文字，而不是“{value}”。若是文字，应加引号。",
        "此處應為文字，而不是「{value}」。若是文字，應加引號。",
    ),
    "not-flag": (
        "“{value}” is not an answer here. Write “{yes}”, or leave the line out.",
        "“{value}”不能用在此处。应写“{yes}”，或不写此行。",
        "「{value}」不能用在此處。應寫「{yes}」，或不寫此行。",
    ),
    "value-unknown": (
        "“{value}” is not possible here. Write one of: {allowed}.",
        "此处不能写“{value}”。应为：{allowed}。",
        "此處不能寫「{value}」。應為：{allowed}。",
    ),
    "limit-not-text": (
        "The limit was read as the number {value}. Put it in quotes: a time of day as “{clock}”, a length with its unit as “4wh”.",
        "时限被读作数字{value}。应加引号：时刻写“{clock}”，时长带单位，如“4wh”。",
        "時限被讀作數字{value}。應加引號：時刻寫「{clock}」，時長帶單位，如「4wh」。",
    ),
    "not-share": (
        "“{value}” is not a share. Write “80%” or 0.8.",
        "“{value}”不是比例。应写“80%”或 0.8。",
        "「{value}」不是比例。應寫「80%」或 0.8。",
    ),
    "not-factor": (
        "“{value}” is not a factor. Write a number from 0 to 1000, such as 2 for twice as often.",
        "“{value}”不是倍数。应写 0 到 1000 的数，例如 2 表示加倍。",
        "「{value}」不是倍數。應寫 0 到 1000 的數，例如 2 表示加倍。",
    ),
    "language-invalid": (
        "“{tag}” is not a language. Write zh-Hant, zh-Hans or en; a text with a comma needs quotes.",
        "“{tag}”不是语言。应写 zh-Hant、zh-Hans 或 en；含英文逗号的文字要加引号。",
        "「{tag}」不是語言。應寫 zh-Hant、zh-Hans 或 en；含英文逗號的文字要加引號。",
    ),
    "title-twice": (
        "The title is given here and again under “titles”. Keep one.",
        "此处的名称与“titles”中的重复。只应保留一处。",
        "此處的名稱與「titles」中的重複。只應保留一處。",
    ),
    "both-given": (
        "“{one}” and “{other}” say the same thing. Keep one.",
        "“{one}”与“{other}”意思相同。只应保留一个。",
        "「{one}」與「{other}」意思相同。只應保留一個。",
    ),
    "not-count": (
        "“{value}” is not a number of times. Write 1 or more.",
        "“{value}”不是次数。应写1或更大的整数。",
        "「{value}」不是次數。應寫1或更大的整數。",
    ),
    "not-list": (
        "Here should stand a list, not “{value}”. Begin each item with “- ”.",
        "此处应为列表，而不是“{value}”。每项以“- ”开头。",
        "此處應為列表，而不是「{value}」。每項以「- 」開頭。",
    ),
    "not-days": (
        "“{value}” is not a span of days. Write “10d..45d” or “30d”.",
        "“{value}”不是天数范围。应写“10d..45d”或“30d”。",
        "「{value}」不是天數範圍。應寫「10d..45d」或「30d」。",
    ),
}

NEAR = ("Did you mean “{near}”?", "是否指“{near}”？", "是否指「{near}」？")

LIMITS: dict[str, tuple[str, str, str]] = {
    "wmin": ("{amount} working min", "{amount} 工作分钟", "{amount} 工作分鐘"),
    "wh": ("{amount} working h", "{amount} 工作小时", "{amount} 工作小時"),
    "wd": ("{amount} working days", "{amount} 个工作日", "{amount} 個工作日"),
    "min": ("{amount} min", "{amount} 分钟", "{amount} 分鐘"),
    "h": ("{amount} h", "{amount} 小时", "{amount} 小時"),
    "d": ("{amount} days", "{amount} 天", "{amount} 天"),
    "none": ("no limit", "不限时", "不限時"),
    "same-day": ("same day", "当日", "即日"),
    "by-category": ("limit of the category", "按类别时限", "按類別時限"),
    "clock": ("by {amount}", "{amount} 前", "{amount} 前"),
}

WORDS: dict[str, tuple[str, str, str]] = {
    "all": ("all finish", "全部完成", "全部完成"),
    "any": ("one finishes", "任一完成", "任一完成"),
    "lead": ("the lead finishes", "牵头完成", "牽頭完成"),
    "also": ("also: ", "另可：", "另可："),
    "duty": ("units on duty", "责任单位", "責任單位"),
    "lead-unit": ("lead", "牵头", "牽頭"),
    "assist-unit": ("assisting", "协办", "協辦"),
    "comma": (", ", "、", "、"),
    "ask": (" ({role} decides)", "（{role}决定）", "（{role}決定）"),
    "window": (" (within {limit})", "（{limit}内）", "（{limit}內）"),
    "diagram": ("Diagram of the procedure: ", "流程图：", "流程圖："),
    "by": (", by ", "，由", "，由"),
    "within": (", within ", "，时限", "，時限"),
    "leads": (" → ", " → ", " → "),
}
