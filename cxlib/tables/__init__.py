"""What each table is: columns, units, headers in two languages, limits."""

from cxlib.tables.catalogue import CONTACTS, CUSTOMERS, EVENTS, METERS, OFFERS, PLANS, TABLES, TIERS, USAGE
from cxlib.tables.spec import MAX_DECIMALS, MAX_DIGITS, METER_NAME, Column, Kind, Table, plain

__all__ = [
    "CONTACTS",
    "CUSTOMERS",
    "EVENTS",
    "MAX_DECIMALS",
    "MAX_DIGITS",
    "METERS",
    "METER_NAME",
    "OFFERS",
    "PLANS",
    "TABLES",
    "TIERS",
    "USAGE",
    "Column",
    "Kind",
    "Table",
    "plain",
]
