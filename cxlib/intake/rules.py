"""What can be wrong with a file, in one place: code, title, what to do, and whether the row is set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cxlib.texts import N_, _

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One kind of problem: an error sets its row aside, a warning does not."""

    title: str
    hint: str
    severity: Severity = "error"


RULES: Final[dict[str, Rule]] = {
    # the text of the file
    "too_few_fields": Rule(
        N_("Fewer fields than the header has"),
        N_("A separator may be missing, or the line is cut off: compare it with the header."),
    ),
    "too_many_fields": Rule(
        N_("More fields than the header has"),
        N_("Put quotes around a value that contains the separator, or take the extra separator out."),
    ),
    "stray_quote": Rule(
        N_("A quote inside a value without quotes"),
        N_("Take the quote out, or quote the whole value and double the quote inside it."),
    ),
    "text_after_quote": Rule(
        N_("Text after a closing quote"),
        N_("Double each quote inside a quoted value, and end the value with one quote."),
    ),
    "open_quote": Rule(
        N_("A quote that is never closed"),
        N_("Close the value with a quote, or take the opening quote out."),
    ),
    "lines_in_value": Rule(
        N_("A quoted value that takes in whole lines"),
        N_("Each of these lines could be a row: take the quotes out that join them, or double them."),
    ),
    "stray_return": Rule(
        N_("A carriage return inside a value"),
        N_("End each line like the others, or put the value in quotes."),
    ),
    "nul": Rule(
        N_("A NUL byte in the line"),
        N_("The file was damaged on its way: export it again."),
    ),
    "undecodable": Rule(
        N_("Bytes that are no text in the file's encoding"),
        N_("Export the line again, or name the right encoding."),
    ),
    "repeated_header": Rule(
        N_("The header once more"),
        N_("Take the line out; if another table starts here, save it as a file of its own."),
    ),
    "empty_row": Rule(
        N_("A row without any value"),
        N_("Nothing to do, if nothing was meant to stand there."),
    ),
    "footnote": Rule(
        N_("A note below the table"),
        N_("It was not read as data. If it is a row, fill in its other values."),
    ),
    "second_header_line": Rule(
        N_("A second line of the header"),
        N_("It was not read as data. Check that the names of the columns are the right ones."),
        "warning",
    ),
    "error_cell": Rule(
        N_("A cell that shows an error instead of a value"),
        N_("Correct the formula, or take it out; #FORMULA stands for a result that was not saved with the file."),
        "warning",
    ),
    "above_header": Rule(
        N_("A line above the header"),
        N_("The line was not read as data. Check that the header was found in the right place."),
        "warning",
    ),
    "empty_header": Rule(
        N_("A column without a header"),
        N_("Give the column a name; until then it is called by its position."),
        "warning",
    ),
    "duplicate_header": Rule(
        N_("A header that occurs twice"),
        N_("Give each column its own name; until then the later one carries a number."),
        "warning",
    ),
    "no_line_end": Rule(
        N_("The last line has no line end"),
        N_("Nothing to do if the file is complete; if it was cut off, its last value may be too."),
        "warning",
    ),
    # cells
    "missing": Rule(
        N_("Nothing where a value is required"),
        N_("Fill in the value, or map another column."),
    ),
    "not_a_number": Rule(
        N_("Not a number"),
        N_("Write digits only, with the decimal mark of the rest of the column."),
    ),
    "not_an_integer": Rule(
        N_("Not a whole number"),
        N_("Write a number without decimals."),
    ),
    "too_many_decimals": Rule(
        N_("More than 6 decimals"),
        N_("Round the values, or let them be rounded in the mapping."),
    ),
    "too_many_digits": Rule(
        N_("More than 15 digits"),
        N_("A number of this length is not exact: if it names something, map it to an identifier."),
    ),
    "below_minimum": Rule(
        N_("Below the least value that makes sense"),
        N_("Check the sign and the column."),
    ),
    "above_maximum": Rule(
        N_("Above the greatest value that makes sense"),
        N_("Check the unit and the column; a share is between 0 and 1, or a percentage with its sign."),
    ),
    "not_a_month": Rule(
        N_("Not a month"),
        N_("Write months like 2026-03."),
    ),
    "no_such_month": Rule(
        N_("A month that does not exist"),
        N_("Months run from 01 to 12: write them like 2026-03."),
    ),
    "no_unit": Rule(
        N_("A number without its unit, or with an unknown one"),
        N_("The other values of the column carry their unit: write it here too."),
    ),
    "no_single_month": Rule(
        N_("A quarter, a week or a year where a month is needed"),
        N_("Export the rows by calendar month: 2026-03 rather than 2026Q1."),
    ),
    "not_a_duration": Rule(
        N_("Not a duration"),
        N_("Write durations like 00:03:25, as the rest of the column does."),
    ),
    "not_a_date": Rule(
        N_("Not a date in the order of this column"),
        N_("Write dates like 2026-03-14, or choose another order of day, month and year."),
    ),
    "no_such_date": Rule(
        N_("A date that does not exist"),
        N_("Check day and month, and the order in which the column writes them."),
    ),
    "not_a_time": Rule(
        N_("Not a time"),
        N_("Write times like 2026-03-14 09:05:40, or map a date column and a time-of-day column together."),
    ),
    "nonexistent_time": Rule(
        N_("A time that the clocks skipped"),
        N_("Check the time zone of the file."),
    ),
    "ambiguous_time": Rule(
        N_("A time that occurred twice when the clocks went back"),
        N_("It was read as the later one; export times with their offset to be sure."),
        "warning",
    ),
    "not_yes_or_no": Rule(
        N_("Neither yes nor no"),
        N_("Say in the mapping what the value means."),
    ),
    "unmapped_code": Rule(
        N_("A code without a meaning"),
        N_("Say in the mapping what the code means."),
    ),
    "id_in_exponent": Rule(
        N_("An identifier that a spreadsheet turned into a number"),
        N_("Its digits are lost in this file: export it again with the column as text."),
    ),
    "totals_row": Rule(
        N_("A row of sums"),
        N_("Sums are worked out from the rows: take the row out."),
    ),
    "id_left_out": Rule(
        N_("An identifier that a spreadsheet turned into a number was left out"),
        N_("Its digits are lost in this file. The row was kept without it; export it again with the column as text."),
        "warning",
    ),
    "day_dropped": Rule(
        N_("A day inside a month column"),
        N_("Only the month was kept. If the day matters, map the column to a date."),
        "warning",
    ),
    # rows
    "duplicate_row": Rule(
        N_("The same row once more"),
        N_("The first one was kept: take the others out."),
    ),
    "duplicate_key": Rule(
        N_("Another row with the same key"),
        N_("The first one was kept: decide which is right and take the other out."),
    ),
    "no_wait": Rule(
        N_("No end of the wait"),
        N_("A contact needs its wait, the end of its wait, the start of its service, or when it was given up."),
        "warning",
    ),
    "ends_before_start": Rule(
        N_("Ends before it starts"),
        N_("Check the columns of this row, and whether a time lies past midnight."),
        "warning",
    ),
    "served_and_left": Rule(
        N_("Both served and given up"),
        N_("A contact ends one way. Check the outcome, and whether the time it was given up is the end of the call."),
        "warning",
    ),
    "wait_contradicted": Rule(
        N_("A wait that is not the time between arrival and its end"),
        N_("Check the unit of the wait, and which times it is measured between."),
        "warning",
    ),
    "far_from_neighbours": Rule(
        N_("A thousand times the customer's other months, or a thousandth"),
        N_("Check the unit of this month."),
        "warning",
    ),
    # tables beside each other
    "unknown_plan": Rule(
        N_("A plan that the catalogue lacks"),
        N_("Add the plan to the catalogue, or correct its name here."),
    ),
    "unknown_customer": Rule(
        N_("A customer that the table of customers lacks"),
        N_("Add the customer, or leave it: customers without an entry have no tier and no plan of their own."),
        "warning",
    ),
    "missing_month": Rule(
        N_("A month missing between others"),
        N_("Bring the month if there was usage; a missing month ends a run of months."),
        "warning",
    ),
    "label_trap": Rule(
        N_("Tiers are recorded differently where nobody queued"),
        N_("Compare tiers among queued contacts only."),
        "warning",
    ),
}


def title(code: str) -> str:
    """Return the name of a kind of problem in the reader's language."""
    return _(RULES[code].title)


def hint(code: str) -> str:
    """Return what to do about a kind of problem, in the reader's language."""
    return _(RULES[code].hint)
