"""A page of paper: a self-contained HTML file that opens anywhere, asks nothing of a network, and prints uncut."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

from cxlib.texts import language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STYLE: Final = """
@page { size: A4; margin: 12mm 15mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.45 "Segoe UI", "Helvetica Neue", Arial, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  sans-serif; color: #1d2731; background: #fff; margin: 0 auto; padding: 8mm; max-width: 200mm; }
h1 { font-size: 17pt; line-height: 1.25; margin: 0 0 2mm; }
h2 { font-size: 11.5pt; margin: 5mm 0 1.5mm; break-after: avoid; }
p, ul, table, figure { margin: 0 0 2mm; }
ul { padding-left: 5mm; }
li { margin-bottom: .6mm; }
.kind { color: #46515c; font-size: 9.5pt; margin-bottom: 1mm; }
.lead { font-size: 11.5pt; }
.warning { border-left: 1.2mm solid #cc6318; padding: 1mm 0 1mm 3mm; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
th { text-align: left; font-weight: 600; border-bottom: .4mm solid #1d2731; padding: 1mm 2mm 1mm 0; }
td { border-bottom: .2mm solid #d5dbe1; padding: 1mm 2mm 1mm 0; vertical-align: top; }
td.n { white-space: nowrap; }
td { overflow-wrap: break-word; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
td small { color: #46515c; display: block; font-size: 8.5pt; }
figure, .block { break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: 1mm; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4mm 4mm; margin: 0; font-size: 8.5pt;
  color: #46515c; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 5mm; border-top: .2mm solid #d5dbe1; padding-top: 2mm; break-inside: avoid; }
@media print {
  body { padding: 0; max-width: none; font-size: 9pt; line-height: 1.35; }
  h1 { font-size: 15pt; }
  h2 { margin-top: 3mm; }
  .lead { font-size: 10pt; }
  table { font-size: 8.5pt; }
  td small, dl { font-size: 7.5pt; }
  th, td { padding-top: .6mm; padding-bottom: .6mm; }
  dl { grid-template-columns: max-content 1fr max-content 1fr; }
  footer { margin-top: 3mm; }
  .wide { overflow: visible; }
}
"""


@dataclass
class Paper:
    """Parts that are put one below the other; every text that goes in is shown as it is, never read as markup.

    Parameters
    ----------
    title : str
        The largest words, and the name of the file's tab.
    kind : str
        What sort of paper it is, in small letters above.
    """

    title: str
    kind: str = ""
    _parts: list[str] = field(default_factory=list)

    def lead(self, text: str) -> None:
        """Put a sentence that says it all."""
        self._parts.append(f'<p class="lead">{escape(text)}</p>')

    def heading(self, text: str) -> None:
        """Put a heading."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def text(self, text: str) -> None:
        """Put a paragraph."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def warning(self, text: str) -> None:
        """Put a paragraph that must not be passed over."""
        self._parts.append(f'<p class="warning">{escape(text)}</p>')

    def points(self, texts: Iterable[str]) -> None:
        """Put a list."""
        self._parts.append(f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in texts)}</ul>")

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str | tuple[str, str]]],
        *,
        right: Sequence[bool] | None = None,
    ) -> None:
        """Put a table; a cell may be a pair of words and smaller words below.

        `right` says which columns are figures, all but the first unless told.
        """
        aligned = [i > 0 for i in range(len(header))] if right is None else right
        marks = [' class="n"' if each else "" for each in aligned]
        head = "".join(f'<th{mark} scope="col">{escape(name)}</th>' for name, mark in zip(header, marks, strict=True))
        body = "".join(
            f"<tr>{''.join(f'<td{mark}>{_cell(cell)}</td>' for cell, mark in zip(row, marks, strict=True))}</tr>"
            for row in rows
        )
        self._parts.append(
            f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def figure(self, caption: str, markup: str) -> None:
        """Put a drawing, given as markup of our own, under its caption."""
        self._parts.append(f"<figure><figcaption>{escape(caption)}</figcaption>{markup}</figure>")

    def html(self, scope: Sequence[tuple[str, str]] = (), *, head: str = "", tail: str = "") -> bytes:
        """Return the file, with what it speaks about at its foot; `head` and `tail` are markup of our own."""
        lines = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in scope)
        kind = f'<p class="kind">{escape(self.kind)}</p>' if self.kind else ""
        whole = (
            f'<!DOCTYPE html>\n<html lang="{language().replace("_", "-")}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n{head}</head>\n<body>\n<main>\n"
            f"{kind}<h1>{escape(self.title)}</h1>\n{chr(10).join(self._parts)}\n</main>\n"
            f"<footer><dl>{lines}</dl></footer>\n{tail}</body>\n</html>\n"
        )
        return whole.encode()


def _cell(cell: str | tuple[str, str]) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f"{escape(cell[0])}<small>{escape(cell[1])}</small>"
