"""What `--columns` calls the columns of measurements; a test compares it with the tables themselves."""

from __future__ import annotations

OF_CELLS = ("model", "weights", "identity", "ms", "top1", "top1-here", "mb", "mib", "flops", "params", "sd855", "ratio")
OF_ENGINES = ("engine", "interval", "ratio-interval", "error", "published", "published-on", "remarks")
OF_SUSTAINED = ("id", "threads", "minutes", "start-ms", "steady-ms", "clock-ghz", "celsius", "place", "status")
OF_IDENTITY = ("model", "weights", "precision", "target", "shape", "opt", "sha256", "device", "device-id", "build",
               "threads", "protocol", "parameters", "engine", "program", "contract", "program-sha256")  # fmt: skip
