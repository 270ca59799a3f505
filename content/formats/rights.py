"""Whose a file is and what may be done with it, as its comments say: `// licence: CC BY 4.0`, `# 作者：王老师`."""

import re
from collections.abc import Iterable

from content.schema import TITLE_LENGTH

_SAID = re.compile(
    r"\s*(?://|#)+\s*(?:(?P<licence>licen[cs]e|copyright|许可证?|版权)|attribution|authors?|sources?|署名|作者|来源)"
    r"\s*[:：]\s*(?P<said>\S.*)",
    re.IGNORECASE,
)


def rights_in(comments: Iterable[str]) -> tuple[str, str]:
    """Return the licence and the attribution that stand in comments; several are put together."""
    licence: list[str] = []
    attribution: list[str] = []
    for comment in comments:
        if found := _SAID.match(comment):
            (licence if found["licence"] else attribution).append(found["said"].strip())
    return ", ".join(licence)[:TITLE_LENGTH], ", ".join(attribution)
