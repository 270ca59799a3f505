"""Phrases of the libraries that read files, as they come within a message."""

from django.utils.translation import gettext_noop as _

PHRASES = (
    # expat's
    _("mismatched tag"),
    _("not well-formed (invalid token)"),
    _("no element found"),
    _("syntax error"),
    _("undefined entity"),
    _("unclosed token"),
    _("unclosed CDATA section"),
    _("junk after document element"),
    _("duplicate attribute"),
    _("unbound prefix"),
    _("unknown encoding"),
    _("reference to invalid character number"),
    # json's
    _("Expecting value"),
    _("Expecting ',' delimiter"),
    _("Expecting ':' delimiter"),
    _("Expecting property name enclosed in double quotes"),
    _("Extra data"),
    _("Invalid control character at"),
    _("Invalid \\escape"),
    _("Unterminated string starting at"),
    _("Illegal trailing comma before end of object"),
    _("Illegal trailing comma before end of array"),
    # libyaml's
    _("mapping values are not allowed in this context"),
    _("did not find expected key"),
    _("could not find expected ':'"),
    _("found character that cannot start any token"),
    _("did not find expected <document start>"),
    _("did not find expected ',' or ']'"),
    _("did not find expected ',' or '}'"),
    _("did not find expected '-' indicator"),
    _("did not find expected node content"),
    _("block sequence entries are not allowed in this context"),
    _("block mapping entries are not allowed in this context"),
    _("found unexpected end of stream"),
    _("found unexpected document indicator"),
    _("found unexpected ':'"),
    _("found unknown escape character"),
    _("found undefined tag handle"),
    _("found a tab character that violates indentation"),
    _("found a tab character where an indentation space is expected"),
    _("control characters are not allowed"),
    # Python's own
    _("math domain error"),
    _("math range error"),
    _("float division by zero"),
    # zipfile's
    _("File is not a zip file"),
    _("Bad magic number for central directory"),
    _("Bad magic number for file header"),
    _("Truncated file header"),
)
