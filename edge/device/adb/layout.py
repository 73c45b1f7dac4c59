"""Where edgezoo's things are on an Android device: the one place where a shell user may store programs and start them."""

from __future__ import annotations

from pathlib import PurePosixPath

from edge.device.shell.layout import Layout

LAYOUT = Layout(PurePosixPath("/data/local/tmp/edgezoo"))
