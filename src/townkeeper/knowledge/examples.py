"""Articles and phrases of a demonstration, each marked as an example."""

from pathlib import Path
from typing import Final

import yaml

from townkeeper.accounts.models import User
from townkeeper.knowledge.actions import Wording, write_article, write_phrase
from townkeeper.knowledge.models import Article

EXAMPLES: Final = Path(__file__).with_name("examples.yaml")


def write_examples(*, actor: User) -> int:
    """Write the examples where there are no articles yet; return how many were written."""
    if Article.objects.exists():
        return 0
    said = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    for article in said["articles"]:
        write_article(Wording(**article), actor=actor, is_example=True)
    for phrase in said["phrases"]:
        write_phrase(phrase["key"], phrase["text"], actor=actor)
    return len(said["articles"]) + len(said["phrases"])
