"""The one error that the product raises on purpose."""

from __future__ import annotations

from typing import Any

from cxlib.texts import _, sentences


class CxError(Exception):
    """Input or a request that cannot be served, said so that the reader can act on it.

    Parameters
    ----------
    code : str
        A stable name for programs and tests, such as ``"missing_column"``.
    text : str
        What is wrong, an English template marked with ``N_`` whose ``{names}`` come from the other arguments.
    hint : str
        What to do about it, a template like `text`.
    row : int, optional
        Row of the file, counted as a text editor counts lines.
    column, value : optional
        Where it is and what stands there.
    **values
        More values for the templates.
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        hint: str = "",
        row: int | None = None,
        column: str | None = None,
        value: Any = None,
        **values: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.hint_text = hint
        self.row = row
        self.column = column
        self.value = value
        self.values = {"row": row, "column": column, "value": value, **values}

    @property
    def hint(self) -> str:
        """What to do about it, in the reader's language."""
        return _(self.hint_text, **self.values) if self.hint_text else ""

    @property
    def said(self) -> str:
        """What is wrong, in the reader's language."""
        return _(self.text, **self.values)

    def __str__(self) -> str:
        return sentences(self.said, self.hint)

    def as_dict(self) -> dict[str, Any]:
        """Return the error for machines."""
        return {
            "code": self.code,
            "message": self.said,
            "hint": self.hint,
            "row": self.row,
            "column": self.column,
            "value": None if self.value is None else str(self.value),
        }
