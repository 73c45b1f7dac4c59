"""Damage by a seed: from a sound file to one that is not; knows so much of JSON, zip and tar that the damage reaches deep."""

from __future__ import annotations

import io
import json
import zipfile
from random import Random
from typing import Any

# JSON text that a careless reader stumbles over, where a value is expected.
HOSTILE_JSON = (
    "null", "true", "0", "-1", "-7.5", "1e308", "1e999", "-1e999", "NaN", "1" + "0" * 400, "1" * 5000, "2147483648",
    "9223372036854775808", "1000000000000000000", '""', '"\\ud800"', '"\\u0000"', '"\\u001b[2J"', '"x"', "[]", "{}", "[null]",
    "[[]]", '{"a": {}}', "[" * 300 + "]" * 300, "[" * 5000 + "]" * 5000, '"' + "a" * 5000 + '"',
    "[-1, 3, 1000000000, 1000000000]",
)  # fmt: skip
_BYTES = (0, 1, 4, 8, 0x7F, 0x80, 0xFE, 0xFF)
_WIDTHS = (2, 4, 8)


def mutate(data: bytes, random: Random) -> bytes:
    """`data`, damaged in one to three places."""
    for damage in random.choices(_WAYS, k=random.choice((1, 1, 1, 2, 3))):
        data = damage(data, random)
    return data


def _flip(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _set(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([random.choice(_BYTES)]) + data[at + 1 :]


def _number(data: bytes, random: Random) -> bytes:
    """A little-endian number: a size, a count, an offset."""
    width = random.choice(_WIDTHS)
    if len(data) < width:
        return data
    at = random.randrange(len(data) - width + 1)
    most = (1 << 8 * width) - 1
    value: int = random.choice((0, 1, 8, 1000, 1_000_000_000, most // 2, most // 2 + 1, most - 3, most)) & most
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _remove(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + data[at + random.choice((1, 2, 4, 16, 100)) :]


def _repeat(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + data[at : at + random.choice((1, 4, 16, 64))] * random.choice((2, 10)) + data[at:]


def _insert(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    what = random.choice(
        (b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"-", b"9" * 5000, b"[" * 2000, b"\n", b"e999", b"\x1b[2J")
    )
    return data[:at] + what + data[at:]


_WAYS = (_flip, _flip, _set, _set, _number, _number, _cut, _remove, _repeat, _insert)


def mutate_json(data: bytes, random: Random) -> bytes:
    """A value of the document replaced by another one, a field left out or added; one time in four the bytes are damaged."""
    if random.random() < 0.25:
        return mutate(data, random)
    mark = "@@hostile@@"
    document = json.loads(data)
    places = list(_places(document))
    hostile: list[str] = []
    for _ in range(random.choice((1, 1, 2, 4))):
        home, key = random.choice(places)
        way = random.randrange(8)
        if way == 0 and isinstance(home, dict):
            home.pop(key, None)
        elif way == 1 and isinstance(home, list):
            home.extend(home[:3])
        elif isinstance(home, dict) or key < len(home):
            home[key] = mark + str(len(hostile))
            hostile.append(random.choice(HOSTILE_JSON))
    text = json.dumps(document)
    for number, value in enumerate(hostile):
        text = text.replace(f'"{mark}{number}"', value)
    return text.encode()


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def mutate_zip(data: bytes, random: Random) -> bytes:
    """The content of an entry damaged, its checksum right; half the time the archive's own bytes are damaged."""
    if random.random() < 0.5:
        return mutate(data, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        chosen = random.choice(old.namelist())
        for info in old.infolist():
            content = old.read(info)
            if info.filename == chosen:
                content = (mutate_json if info.filename.endswith(".json") else mutate)(content, random)
            info.compress_type = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            new.writestr(info, content)
    return made.getvalue()


def mutate_tar(data: bytes, random: Random) -> bytes:
    """A header damaged, its checksum right; half the time any bytes."""
    if random.random() < 0.5 or data[257:262] != b"ustar":
        return mutate(data, random)
    header = bytearray(data[:512])
    for _ in range(random.choice((1, 2, 5))):
        at = random.randrange(500)
        if not 148 <= at < 156:
            header[at] = random.choice((*_BYTES, *b"0179KLgxSDV"))
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    return bytes(header) + data[512:]
