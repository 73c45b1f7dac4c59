"""Writes edge/decide/features.csv: what networks of the catalogue cost, counted in files that are converted here.

`python scripts/features.py [NAME...]` counts these networks, or all that stand there already, with random weights; the other
rows stay. A network with an operator that `edge.nb.shapes` does not know is named and left out: nothing is estimated of it.
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from edge import convert_models
from edge.decide.features import COSTS, FILE, Feature, Known, count, known
from edge.nb.header import read_header
from edge.nb.shapes import UnknownOpError, read_shaped
from edge.zoo.catalogue import catalogue, lookup
from edge.zoo.model import Model


def counted(models: list[Model]) -> dict[tuple[str, int], Known]:
    found = {}
    with TemporaryDirectory(prefix="edgezoo-features-") as out:
        made = convert_models(
            [model.name for model in models], weights="random", target="arm", verify=False, out=out, say=print
        )
        for model, conversion in zip(models, made, strict=True):
            if conversion.made is None:
                raise SystemExit(f"{model.name}: {conversion.error}")
            path = conversion.made.path
            try:
                features = count(read_shaped(path, read_header(path)))
            except UnknownOpError as error:
                print(f"{model.name}: {error.message}")
                continue
            found[(model.architecture, model.input_shape[2])] = Known(conversion.made.bytes, features)
    return found


def main() -> None:
    networks = {(model.architecture, model.input_shape[2]): model for model in catalogue()[::-1]}
    models = [lookup(name) for name in sys.argv[1:]] or [networks[key] for key in known()]
    rows = {**known(), **counted(models)}
    columns = sorted({feature for one in rows.values() for feature in one.features}, key=place)
    lines = [",".join(["architecture", "input", "bytes", *map(str, columns)])]
    for (architecture, size), one in sorted(rows.items()):
        amounts = [str(one.features.get(column, 0)) for column in columns]
        lines.append(",".join([architecture, str(size), str(one.bytes), *amounts]))
    FILE.write_text("\n".join(lines) + "\n", encoding="ascii")


def place(feature: Feature) -> tuple[str, int]:
    return feature.kind, COSTS.index(feature.cost)


if __name__ == "__main__":
    main()
