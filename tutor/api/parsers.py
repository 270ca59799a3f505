"""What the interface reads: JSON that can be read without harm."""

import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

SURROGATE = re.compile("[\\ud800-\\udfff]")


class SoundJSONParser(JSONParser):
    """JSON, but neither nested without end nor with halves of characters, which no database and no page can hold."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The content. Raises ParseError."""
        try:
            content = super().parse(stream, media_type, parser_context)
            is_sound = _is_sound(content)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        if not is_sound:
            raise ParseError("JSON parse error - half a character (a surrogate without its other half)")
        return content


def _is_sound(content: Any) -> bool:
    match content:
        case str():
            return SURROGATE.search(content) is None
        case dict():
            return all(_is_sound(name) and _is_sound(value) for name, value in content.items())
        case list():
            return all(map(_is_sound, content))
    return True
