"""Says in words what is wrong with a procedure, and what would be right."""

from townkeeper.procedures.model import Finding


def finding_text(finding: Finding, lang: str) -> str:
    """Say a finding in `lang`."""
    return f"{finding.path} {finding.code} {dict(finding.params)} {lang}"
