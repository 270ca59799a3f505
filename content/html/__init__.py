"""HTML from outside to our Markdown with LaTeX between dollars, and our Markdown to HTML for other programs.

What comes in is sanitised first; what was left out of it is said. Nothing of it is ever shown as HTML.
"""

from content.html.reading import Converted, Pictures, from_html, from_markdown, from_plain
from content.html.writing import to_html

__all__ = ["Converted", "Pictures", "from_html", "from_markdown", "from_plain", "to_html"]
