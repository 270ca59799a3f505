"""In which encoding a text file is: UTF-8 if it can be, otherwise Chinese if that is what its bytes spell."""

import codecs
import re
from typing import IO

PIECE = 1_000_000
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_COMMON_HAN = re.compile(r"[\u4e00-\u9fff]")
_ODD = re.compile(r"[\ue000-\uf8ff\u0080-\u009f\u3400-\u4dbf]")


def encoding_of(stream: IO[bytes]) -> str:
    """Return the name of the encoding of a whole stream, that is left where it ends."""
    head = stream.read(4)
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    stream.seek(0)
    if _decodes(stream, "utf-8"):
        return "utf-8"
    stream.seek(0)
    if _decodes(stream, "gb18030"):
        stream.seek(0)
        sample = stream.read(PIECE).decode("gb18030", "ignore")
        if len(_COMMON_HAN.findall(sample)) > 10 * len(_ODD.findall(sample)):
            return "gb18030"
    return "cp1252"


def _decodes(stream: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while piece := stream.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
