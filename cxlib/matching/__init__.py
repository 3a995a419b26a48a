"""Matching: what usage costs on each plan, and whose plan has not matched for months."""

from cxlib.matching.bills import bill_all
from cxlib.matching.catalogue import Catalogue

__all__ = ["Catalogue", "bill_all"]
