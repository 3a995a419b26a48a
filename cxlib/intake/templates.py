"""Templates to fill in: one CSV per table and language, with example rows that `read` loads as they stand."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from cxlib.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from cxlib.tables import Table

TEMPLATE_METERS: Final = ("minutes", "sms", "data_mb")
LANGUAGES: Final = ("en", "zh")
_CHINESE_METERS: Final = {"minutes": "通话分钟", "sms": "短信条数", "data_mb": "流量MB"}
_CHINESE_FIELDS: Final = {
    "included": "包含",
    "overage_price": "超出单价",
    "unit_size": "计价单位",
    "round_up": "向上取整",
    "tiers": "阶梯单价",
    "tier_kind": "阶梯方式",
    "pack_size": "加油包容量",
    "pack_price": "加油包价格",
    "rollover_months": "结转月数",
    "rollover_order": "结转使用顺序",
    "cap": "封顶用量",
    "cap_kind": "封顶方式",
}

_NAMED: Final = {"events": {"quantity": {"en": "data_mb", "zh": "流量MB"}}}
"""Headers that say more than the column's own name: of what the events are."""

_ROWS: Final[dict[str, tuple[dict[str, str], ...]]] = {
    "usage": (
        {"customer_id": "000123", "month": "2026-03", "plan_id": "S", "billed_amount": "24.90", "complete": "yes",
         "minutes": "320", "sms": "12", "data_mb": "4096.5"},
        {"customer_id": "000123", "month": "2026-04", "plan_id": "S", "billed_amount": "19.90", "complete": "yes",
         "minutes": "210", "sms": "8", "data_mb": "3100"},
        {"customer_id": "000124", "month": "2026-03", "plan_id": "M", "billed_amount": "", "complete": "no",
         "minutes": "0", "sms": "0", "data_mb": "0"},
    ),
    "events": (
        {"customer_id": "000123", "occurred_at": "2026-03-14", "quantity": "120.5"},
        {"customer_id": "000123", "occurred_at": "2026-03-15", "quantity": "0"},
    ),
    "plans": (
        {"plan_id": "S", "name": "Everyday S", "monthly_fee": "19.90", "currency": "EUR", "valid_from": "2026-01-01",
         "on_sale": "yes", "included_minutes": "300", "overage_price_minutes": "0.05", "included_sms": "50",
         "overage_price_sms": "0.03", "included_data_mb": "5120", "overage_price_data_mb": "4",
         "unit_size_data_mb": "1024", "round_up_data_mb": "yes", "rollover_months_data_mb": "1",
         "rollover_order_data_mb": "before"},
        {"plan_id": "M", "name": "Everyday M", "monthly_fee": "34.90", "currency": "EUR", "valid_from": "2026-01-01",
         "on_sale": "yes", "included_minutes": "unlimited", "overage_price_minutes": "0", "included_sms": "unlimited",
         "overage_price_sms": "0", "included_data_mb": "20480", "overage_price_data_mb": "3",
         "unit_size_data_mb": "1024", "round_up_data_mb": "yes", "cap_data_mb": "40960",
         "cap_kind_data_mb": "throttle"},
        {"plan_id": "T", "name": "Talk", "monthly_fee": "9.90", "currency": "EUR", "valid_from": "2026-01-01",
         "on_sale": "yes", "region": "North; South", "cool_off_months": "3", "min_charge": "12.00",
         "included_minutes": "100", "tiers_minutes": "100: 0.10; 500: 0.08; *: 0.05", "tier_kind_minutes": "graduated",
         "included_sms": "0", "tiers_sms": "50: 0.05; *: 0.03", "tier_kind_sms": "volume", "included_data_mb": "1024",
         "overage_price_data_mb": "4", "unit_size_data_mb": "1024", "round_up_data_mb": "yes",
         "pack_size_data_mb": "2048", "pack_price_data_mb": "5"},
        {"plan_id": "N", "name": "Newcomer", "monthly_fee": "19.90", "currency": "EUR", "valid_from": "2026-01-01",
         "on_sale": "yes", "promo_months": "6", "promo_fee": "9.90", "next_plan_id": "S", "included_minutes": "300",
         "overage_price_minutes": "0.05", "included_sms": "50", "overage_price_sms": "0.03",
         "included_data_mb": "10240", "overage_price_data_mb": "4", "unit_size_data_mb": "1024",
         "round_up_data_mb": "yes"},
        {"plan_id": "F", "name": "Family", "monthly_fee": "59.90", "currency": "EUR", "valid_from": "2026-01-01",
         "on_sale": "yes", "pooled": "yes", "line_fee": "9.90", "included_minutes": "unlimited",
         "overage_price_minutes": "0", "included_sms": "unlimited", "overage_price_sms": "0",
         "included_data_mb": "61440", "overage_price_data_mb": "3", "unit_size_data_mb": "1024",
         "round_up_data_mb": "yes"},
    ),
    "customers": (
        {"customer_id": "000123", "plan_id": "S", "tier": "T1", "need": "senior", "region": "North",
         "joined_on": "2024-05-01", "contract_end": "2026-12-31", "monthly_value": "38.00", "consent": "yes"},
        {"customer_id": "000124", "plan_id": "M", "tier": "T2", "need": "", "region": "South",
         "joined_on": "2025-11-20", "contract_end": "", "monthly_value": "52.50", "consent": "no"},
        {"customer_id": "000125", "plan_id": "F", "tier": "T2", "region": "North", "account_id": "F001",
         "plan_since": "2026-02-01", "joined_on": "2025-06-01", "consent": "yes"},
        {"customer_id": "000126", "plan_id": "F", "tier": "T2", "region": "North", "account_id": "F001",
         "plan_since": "2026-02-01", "joined_on": "2026-02-01", "consent": "yes"},
    ),
    "contacts": (
        {"contact_id": "C0001", "customer_id": "000123", "tier": "T1", "need": "senior", "queue": "billing",
         "channel": "phone", "agent_id": "A07", "arrived_at": "2026-03-14 09:00:00+08:00",
         "wait_ended_at": "2026-03-14 09:01:12+08:00", "wait_s": "72", "started_at": "2026-03-14 09:01:12+08:00",
         "outcome": "served", "queued": "yes", "ended_at": "2026-03-14 09:05:40+08:00", "topic": "bill",
         "resolved": "yes", "csat": "4"},
        {"contact_id": "C0002", "customer_id": "000124", "tier": "T2", "queue": "billing", "channel": "phone",
         "arrived_at": "2026-03-14 09:00:30+08:00", "wait_ended_at": "2026-03-14 09:03:00+08:00", "wait_s": "150",
         "left_at": "2026-03-14 09:03:00+08:00", "outcome": "abandoned", "queued": "yes"},
    ),
    "tiers": (
        {"tier": "T1", "rank": "1", "display_name_en": "Priority", "display_name_zh": "优先", "courtesy": "no",
         "declared_rule": "head start 90 s", "promise_share": "0.8", "promise_wait_s": "20"},
        {"tier": "T2", "rank": "2", "display_name_en": "Regular", "display_name_zh": "普通", "courtesy": "no",
         "declared_rule": "", "promise_share": "", "promise_wait_s": ""},
    ),
    "offers": (
        {"customer_id": "000123", "campaign": "1", "group": "offer", "offered": "yes", "offered_on": "2026-05-04",
         "accepted": "yes", "taken_plan_id": "M", "left": "no", "left_on": "", "revenue": "58.70"},
        {"customer_id": "000124", "campaign": "1", "group": "hold_out", "offered": "no", "offered_on": "",
         "accepted": "", "taken_plan_id": "", "left": "yes", "left_on": "2026-06-20", "revenue": "34.90"},
    ),
}  # fmt: skip


def template(table: str, *, language: str = "en") -> bytes:
    """Return the template of one table: CSV in UTF-8 with a byte order mark, as Excel reads it.

    `language` is that of the headers, one of `LANGUAGES`; English headers are our own names.
    """
    known = TABLES[table]
    names = [*known.names, *_meter_columns(known)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_header(known, name, language) for name in names])
    writer.writerows([row.get(name, "") for name in names] for row in _ROWS[table])
    return out.getvalue().encode("utf-8-sig")


def write_templates(folder: Path) -> list[Path]:
    """Write all templates, ``{table}.csv`` and ``{table}_zh.csv``, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES:
        for language in LANGUAGES:
            path = folder / (f"{table}.csv" if language == "en" else f"{table}_{language}.csv")
            path.write_bytes(template(table, language=language))
            written.append(path)
    return written


def _meter_columns(table: Table) -> list[str]:
    return [
        f"{column.name}_{meter}" if column.name else meter for meter in TEMPLATE_METERS for column in table.per_meter
    ]


def _header(table: Table, name: str, language: str) -> str:
    own = _NAMED.get(table.name, {}).get(name, {})
    return own.get(language) or (name if language == "en" else _chinese(table, name))


def _chinese(table: Table, name: str) -> str:
    """Return the first Chinese header under which a column is known."""
    if name in table.names:
        return next((alias for alias in table[name].aliases if any(c > "\u2e80" for c in alias)), name)
    found = table.meter_column(name)
    if found is None:
        return name
    column, meter = found
    return f"{_CHINESE_FIELDS[column.name]}_{_CHINESE_METERS[meter]}" if column.name else _CHINESE_METERS[meter]
