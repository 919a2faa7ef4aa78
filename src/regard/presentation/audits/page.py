"""A report as one HTML page: no script, nothing fetched, readable on a telephone and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

REAL = "a real difference."  # how a sentence ends that says so

_STYLE = """
:root { --ink: #1d2430; --soft: #5b6575; --line: #d9dee6; --mark: #1f5fa8; --pale: #f4f6f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p, ul { max-width: 44rem; margin: .5rem 0; }
li { margin: .3rem 0; }
.verdicts { background: var(--pale); border-left: 4px solid var(--mark); padding: .6rem 1rem .6rem 2rem; }
.soft { color: var(--soft); font-size: .9rem; }
.plots { display: grid; gap: .5rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.plots figure { margin: 0; break-inside: avoid; }
figcaption { font-weight: 600; margin: .8rem 0 .2rem; }
svg { width: 100%; max-width: 32rem; height: auto; display: block; }
svg text { font-family: inherit; }
.name { font-size: 14px; fill: var(--ink); } .value { font-size: 13px; fill: var(--ink); }
.tick { font-size: 12px; fill: var(--soft); } .grid { stroke: var(--line); stroke-width: 1; }
.bar { stroke: var(--mark); stroke-width: 3; stroke-linecap: round; opacity: .55; }
.rate { fill: var(--mark); } .zero { fill: #fff; stroke: var(--mark); stroke-width: 2; }
.wide { overflow-x: auto; }
li strong { font-weight: 600; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
td { white-space: nowrap; }
th.path, td.path { text-align: left; white-space: normal; overflow-wrap: anywhere; }
@media print { body { font-size: 11pt; max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def _text(text: str) -> str:
    """Text as HTML, a number together with its percent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def page(title: str, body: Iterable[str]) -> str:
    """The whole document; `title` is text, `body` is HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def paragraph(text: str, *, soft: bool = False) -> str:
    kind = ' class="soft"' if soft else ""
    return f"<p{kind}>{_text(text)}</p>"


def heading(text: str, level: int = 2) -> str:
    return f"<h{level}>{_text(text)}</h{level}>"


def verdicts(sentences: Sequence[str]) -> str:
    """A list, what is a real difference in bold."""
    real = (_text(sentence) for sentence in sentences if sentence.endswith(REAL))
    rest = (_text(sentence) for sentence in sentences if not sentence.endswith(REAL))
    items = "".join(f"<li><strong>{text}</strong></li>" for text in real)
    items += "".join(f"<li>{text}</li>" for text in rest)
    return f'<ul class="verdicts">{items}</ul>' if items else ""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, paths: bool = False) -> str:
    """Cells are text. `paths`: all but the last column may be broken anywhere."""
    kinds = [' class="path"' if paths and place < len(headers) - 1 else "" for place in range(len(headers))]

    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(f"<{tag}{kind}>{_text(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True))

    head, body = cells("th", headers), "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def plots(drawn: Iterable[tuple[str, str]]) -> str:
    """Captions, which are text, with their drawings; those without a drawing are left out."""
    figures = (
        f"<figure><figcaption>{_text(caption)}</figcaption>{drawing}</figure>"
        for caption, drawing in drawn
        if drawing
    )
    return f'<div class="plots">{"".join(figures)}</div>'
