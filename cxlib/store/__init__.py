"""Data sets, their versions, settings and results, never lost."""

from cxlib.store.campaigns import CampaignRecord
from cxlib.store.records import (
    BackupReport,
    DataSet,
    FilePreview,
    Finding,
    ImportRecord,
    Incoming,
    OnConflict,
    Preview,
    TableFile,
    Tombstone,
    Version,
)
from cxlib.store.saved import Saved
from cxlib.store.settings import SETTING_FIELDS, SettingField, Settings, SettingsVersion
from cxlib.store.store import Store, default_root

__all__ = [
    "SETTING_FIELDS",
    "BackupReport",
    "CampaignRecord",
    "DataSet",
    "FilePreview",
    "Finding",
    "ImportRecord",
    "Incoming",
    "OnConflict",
    "Preview",
    "Saved",
    "SettingField",
    "Settings",
    "SettingsVersion",
    "Store",
    "TableFile",
    "Tombstone",
    "Version",
    "default_root",
]
