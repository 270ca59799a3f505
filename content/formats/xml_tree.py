"""XML from outside, element by element: a document type may define no entities, and nothing is ever fetched.

Names are given without their namespaces: formats are told apart by their root, not by a prefix.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.parsers import expat

PIECE = 65_536
MAX_DEFAULTS = 1000
MAX_DEPTH = 100  # elements within each other; reading goes down with them
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_EXPATS_OWN = {"utf-8", "utf-16", "iso8859-1", "ascii", "utf-16-le", "utf-16-be"}

__all__ = ["Element", "XmlProblem", "elements", "nested", "read_xml", "root_of"]


class XmlProblem(ValueError):
    """What is no XML, or XML that is refused; the message says where."""


def elements(stream: IO[bytes], names: frozenset[str]) -> Iterator[Element]:
    """Give each element of these names that stands right under the root; it is emptied when the next one is asked for.

    Raises XmlProblem, also after some of them.
    """
    root: Element | None = None
    depth = 0
    for event, element in _events(stream):
        if event == "start":
            root = element if root is None else root
            depth += 1
            if depth > MAX_DEPTH:
                raise XmlProblem(f"too many elements within each other: at most {MAX_DEPTH}")
            continue
        depth -= 1
        if depth == 1 and root is not None:
            if element.tag in names:
                yield element
            del root[:]


def nested(stream: IO[bytes], names: frozenset[str]) -> Iterator[tuple[tuple[Element, ...], Element]]:
    """Give each outermost element of these names, wherever it stands, with those around it; it is then forgotten.

    Raises XmlProblem, also after some of them.
    """
    around: list[Element] = []
    wanted: Element | None = None
    for event, element in _events(stream):
        if event == "start":
            if len(around) >= MAX_DEPTH:
                raise XmlProblem(f"too many elements within each other: at most {MAX_DEPTH}")
            around.append(element)
            wanted = element if wanted is None and element.tag in names else wanted
            continue
        around.pop()
        if element is wanted:
            wanted = None
            yield tuple(around), element
            if around:
                around[-1].remove(element)


def read_xml(data: bytes) -> Element:
    """Return the root of a whole document. Raises XmlProblem."""
    root: Element | None = None
    depth = 0
    for event, element in _events(io.BytesIO(data)):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise XmlProblem(f"too many elements within each other: at most {MAX_DEPTH}")
        root = element if root is None else root
    if root is None:
        raise XmlProblem("not XML: no element")
    return root


def root_of(head: bytes) -> str:
    """Return the name of the root that a document begins with, without its namespace; of what is no XML, nothing."""
    parser: Any = XMLPullParser(["start"])
    try:
        for piece in _pieces(iter([head])):
            parser.feed(piece)
    except (ParseError, ValueError, LookupError):
        pass  # only the beginning of the document is here
    try:
        for _, element in parser.read_events():
            return _local(str(element.tag))
    except ParseError:
        pass
    return ""


def _events(stream: IO[bytes]) -> Iterator[tuple[str, Element]]:
    """Starts and ends of elements, names without namespaces."""
    guard = _Guard()
    parser: Any = XMLPullParser(["start", "end"])
    try:
        for piece in _pieces(iter(lambda: stream.read(PIECE), b"")):
            guard.look(piece)
            parser.feed(piece)
            yield from _local_events(parser)
        parser.close()
        yield from _local_events(parser)
    except (ParseError, expat.ExpatError) as error:
        raise XmlProblem(f"not XML: {error}") from None
    except (UnicodeDecodeError, LookupError, ValueError) as error:
        if isinstance(error, XmlProblem):
            raise
        raise XmlProblem(f"not XML: {error}") from None


def _local_events(parser: Any) -> Iterator[tuple[str, Element]]:
    for event, element in parser.read_events():
        if event == "start":
            element.tag = _local(element.tag)
        yield event, element


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _pieces(source: Iterator[bytes]) -> Iterator[bytes | str]:
    """The document as it is, or as text where its encoding is one that expat does not read (GBK, Big5 …)."""
    first = next(source, b"")
    declared = _DECLARED.match(first.lstrip(b"\xef\xbb\xbf \r\n\t"))
    name = codecs.lookup(declared[1].decode()).name if declared else "utf-8"
    # A document cannot begin with anything before its declaration, but some that are pasted together do.
    first = first.lstrip() if first[:1].isspace() else first
    if name in _EXPATS_OWN:
        yield first
        yield from source
        return
    decoder = codecs.getincrementaldecoder("gb18030" if name in {"gbk", "gb2312"} else name)()
    yield decoder.decode(first)
    for piece in source:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


class _Guard:
    """Reads ahead of the parser, up to the root, and refuses a document type that defines entities.

    One that only names where its rules are, as most files of QTI 1.2 have it, does no harm: nothing is fetched.
    """

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.EntityDeclHandler = self._refuse
        self._parser.AttlistDeclHandler = self._count
        self._parser.StartElementHandler = self._begun
        self._at_root = False
        self._defaults = 0  # letters of attributes that each element would get unasked

    def look(self, piece: bytes | str) -> None:
        if not self._at_root:
            try:
                self._parser.Parse(piece)
            except expat.ExpatError:
                if not self._at_root:
                    raise  # what comes later is the parser's, which gives what stands before it first

    def _begun(self, name: str, attributes: object) -> None:
        self._at_root = True

    def _count(self, element: str, name: str, kind: str, default: str | None, required: bool) -> None:
        self._defaults += len(default or "")
        if self._defaults > MAX_DEFAULTS:
            raise XmlProblem("refused: a document type that fills elements")

    def _refuse(self, name: str, *rest: object) -> None:
        raise XmlProblem("refused: a document type that defines entities")
