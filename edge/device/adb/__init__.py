"""Android devices over adb.

The adb server's own protocol is spoken directly (`connection`); of adbutils edgezoo takes the adb program that its wheel
carries, for machines without one. Why: docs/decisions/adb-wire.md.
"""
