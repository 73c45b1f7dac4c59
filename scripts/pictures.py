"""The pictures of README.md and docs/: the report in Chromium, and a table as a terminal shows it (`scripts/pictures`)."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image

from edge.report.html.chart.markup import Markup, tag, text
from edge.report.html.chart.palette import DARK, LIGHT
from tests.report.html.browser import PROGRAM, chromium

PICTURES = Path(__file__).parents[1] / "docs/pictures"
MODELS = ("MobileNetV3_small_x0_35", "PPLCNet_x0_25", "ShuffleNetV2_x0_25", "MobileNetV1_x0_25")
WIDE, TALL, MOST_BYTES = 900, 1000, 200_000
_LETTER, _LINE = 7.25, 17  # px, of 12 px letters of one width


def edgezoo(*words: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "edge", *words]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "120"}
    ).stdout


def measured(db: Path) -> None:
    """Four networks by two engines, as the report's examples."""
    for engine in ("paddle-lite", "onnxruntime"):
        common = ("-s", "host", "--weights", "random", "--threads", "1,2", "--engine", engine, "--db", str(db))
        edgezoo("bench", *MODELS, *common)


def report(db: Path, folder: Path) -> bytes:
    """The beginning of the report and its figure of phone networks, in light on the left and in dark on the right."""
    page = folder / "report.html"
    edgezoo("report", "--db", str(db), "-o", str(page))
    with chromium() as tab, Image.new("RGB", (2 * WIDE, TALL)) as both:
        for place, theme in enumerate(("light", "dark")):
            tab.open(page, width=WIDE, height=TALL, theme=theme)
            top = tab.run("document.getElementById('figure-mobile').getBoundingClientRect().top + scrollY")
            shot = tab.picture(clip={"x": 0, "y": top - 12, "width": WIDE, "height": TALL})
            with Image.open(io.BytesIO(shot)) as image:
                both.paste(image, (place * WIDE, 0))
        made = io.BytesIO()
        both.quantize(palette=_commonest(both), dither=Image.Dither.NONE).save(made, "png", optimize=True)
    return made.getvalue()


def _commonest(image: Image.Image) -> Image.Image:
    """The 256 colours that most pixels have, as they are: averages would change those of the marks."""
    counted = sorted(image.getcolors(1 << 24) or [], reverse=True, key=lambda one: one[0])[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counted for part in (colour if isinstance(colour, tuple) else (0, 0, 0))])
    return palette


def table(printed: str, command: str) -> str:
    """A terminal's lines as SVG, in the reader's theme."""
    lines = [f"$ {command}", *printed.rstrip().splitlines()]
    width, height = max(map(len, lines)) * _LETTER + 32, len(lines) * _LINE + 28
    rows = [
        tag("text", {"x": 16.0, "y": 27.0 + _LINE * place, "xml:space": "preserve"}, text(line))
        for place, line in enumerate(lines)
    ]
    style = f"text{{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:{LIGHT['text']}}}"
    style += f"rect{{fill:{LIGHT['panel']}}}@media (prefers-color-scheme:dark){{"
    style += f"text{{fill:{DARK['text']}}}rect{{fill:{DARK['panel']}}}}}"
    size = {"width": f"{width:.0f}", "height": str(height), "viewBox": f"0 0 {width:.0f} {height}"}
    root = {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img", "aria-label": command}
    ground = tag("rect", {"width": "100%", "height": "100%", "rx": "8"})
    return tag("svg", root, tag("style", {}, Markup(style)), ground, *rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path, help="measurements that are there; default: measure now")
    given = parser.parse_args()
    if PROGRAM is None:
        sys.exit("pictures: no Chromium is here: sudo apt-get install chromium")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures") as place:
        db = given.db or Path(place) / "results.db"
        if given.db is None:
            measured(db)
        asked = ("results", "export", "--where", "engine=onnxruntime", "--where", "precision=fp32")
        made = {
            "report.png": report(db, Path(place)),
            "bench.svg": table(edgezoo(*asked, "--db", str(db)), shlex.join(["edgezoo", *asked])).encode(),
        }
    for name, content in made.items():
        if len(content) > MOST_BYTES:
            sys.exit(f"pictures: {name} has {len(content)} bytes, more than {MOST_BYTES}")
        (PICTURES / name).write_bytes(content)
        print(f"docs/pictures/{name}: {len(content) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
