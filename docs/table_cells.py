"""A Markdown extension: `a\\|b` in a table reads a|b in code, as on GitHub; an empty heading is none."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString


class TableCells(Treeprocessor):
    """Takes the backslash, which only keeps a cell in one piece, from code in cells; headings that head
    nothing are no headings to a screen reader either."""

    def run(self, root: Element) -> None:
        for cell in root.iter("td"):
            for code in cell.iter("code"):
                code.text = AtomicString((code.text or "").replace("\\|", "|"))
        for heading in root.iter("th"):
            if not heading.text and not len(heading):
                heading.tag = "td"


class TableCellsExtension(Extension):
    """Registers TableCells behind Markdown's own treatment of what stands in a line."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        md.treeprocessors.register(TableCells(md), "table_cells", 15)


def makeExtension(**options: object) -> TableCellsExtension:  # noqa: N802 - Markdown's name
    return TableCellsExtension(**options)
