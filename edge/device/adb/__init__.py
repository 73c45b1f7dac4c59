"""Android devices over adb.

The adb server's own protocol is spoken directly (`connection`): adbutils has no limit on the whole of an operation,
cannot tell a dropped link from the end of the output, and reads a state such as "no permissions" as "no". What edgezoo
takes from it is the adb program that its wheel carries, for machines without one.
"""
