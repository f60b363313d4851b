"""Errors meant for people: what is wrong, where, and what would be right."""

from typing_extensions import override


class Problem(Exception):  # noqa: N818 - it is read by people, who have problems, not errors
    """Something a person can correct; `message` may be lazily translated text."""

    def __init__(self, code: str, message: object, *, where: str = "", hint: object = "") -> None:
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(code)

    @override
    def __str__(self) -> str:
        parts = [f"{self.where}: " if self.where else "", str(self.message)]
        if self.hint:
            parts.append(f" {self.hint}")
        return "".join(parts)

    def as_dict(self) -> dict[str, str]:
        """Return the parts as plain text for JSON answers."""
        return {
            "code": self.code,
            "message": str(self.message),
            "where": self.where,
            "hint": str(self.hint),
        }
