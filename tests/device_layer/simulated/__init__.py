"""A simulated Android device that a real adb server connects to with `adb connect 127.0.0.1:PORT`.

    transport.py   adb's device-side protocol over TCP: messages and streams
    services.py    what adbd offers on a stream: shell (v1 on a terminal, v2) and sync
    system.py      the device's files, commands and properties, in a private directory
    device.py      the device: all of these together, and the faults it can be told to have

Commands are really executed, by this machine's /bin/sh with PATH set to the private directory; nothing needs root.
"""
