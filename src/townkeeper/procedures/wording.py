"""Says in words what is wrong with a procedure, and what would be right."""

from collections.abc import Mapping

from townkeeper.procedures.limits import LIMIT
from townkeeper.procedures.model import Finding, Text
from townkeeper.procedures.phrases import FINDINGS, LIMITS, NEAR, SYNTAX
from townkeeper.procedures.values import SyntaxProblem

COLUMNS = {"en": 0, "zh-Hans": 1, "zh-Hant": 2}
ALSO = {"zh-Hant": ("zh-Hans",), "zh-Hans": ("zh-Hant",), "en": ()}


def finding_text(finding: Finding, lang: str) -> str:
    """Say in `lang` (`zh-Hant`, `zh-Hans`, else English) what `check` found and what to do."""
    return _sentence(FINDINGS[finding.code], finding.params, lang)


def syntax_text(problem: SyntaxProblem, lang: str) -> str:
    """Say in `lang` why the data is not a procedure, and what should stand there."""
    return _sentence(SYNTAX[problem.code], problem.params, lang)


def title(text: Text, lang: str, name: str) -> str:
    """Return a title in `lang`, else in its nearest language, else the first, else the name."""
    for tag in (lang, *ALSO.get(lang, ()), "und", "en"):
        if tag in text:
            return text[tag]
    return next(iter(text.values()), name)


def limit_text(limit: str, lang: str) -> str:
    """Say a limit in `lang`: `4wh` is 4 工作小時; what is not a limit is returned as it stands."""
    column = COLUMNS.get(lang, 0)
    match = LIMIT.fullmatch(limit)
    if match is None:
        return limit
    if match["amount"] is not None:
        said = LIMITS[match["unit"]][column].format(amount=match["amount"])
        return said.removesuffix("s") if match["amount"] == "1" else said
    return LIMITS.get(limit, LIMITS["clock"])[column].format(amount=limit)


def _sentence(said: tuple[str, str, str], params: Mapping[str, object], lang: str) -> str:
    column = COLUMNS.get(lang, 0)
    comma = ", " if column == 0 else "、"
    shown = {
        key: comma.join(map(str, value)) if isinstance(value, list | tuple) else value
        for key, value in params.items()
    }
    sentence = said[column].format_map(shown)
    if not params.get("near"):
        return sentence
    return f"{sentence}{' ' if column == 0 else ''}{NEAR[column].format_map(shown)}"
