"""Where edgezoo's things are on an Android device."""

from __future__ import annotations

from edge.device.adb.layout import LAYOUT

BASE, BLOBS, RUN, LOCK, JOURNAL = LAYOUT.base, LAYOUT.blobs, LAYOUT.run, LAYOUT.lock, LAYOUT.journal
