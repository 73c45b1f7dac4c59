"""Which functions a shared library offers to whoever opens it: looked up as the loader does, by the library's own hash tables.

Sources: System V ABI, "Hash Table"; the GNU hash section as glibc's and bionic's loaders read it.
"""

from __future__ import annotations

import struct

from edge.device.elf import SharedLibrary, text_at
from edge.errors import PackageError
from edge.untrusted.guard import guarded

_HASH, _STRTAB, _SYMTAB, _GNU_HASH = 4, 5, 6, 0x6FFFFEF5
_WIDE = 2  # the class of 64-bit files
_GLOBAL, _WEAK = 1, 2


def offers(data: bytes, library: SharedLibrary, symbol: str, name: str) -> bool:
    """Whether `dlsym` finds `symbol` in the library `data`; `name` is for the message. Raises PackageError for a broken one."""
    with guarded(PackageError, f"{name} has broken tables of symbols"):
        tables = library.dynamic
        if _STRTAB not in tables or _SYMTAB not in tables:
            return False
        if _GNU_HASH in tables:
            return _by_gnu_hash(data, library, symbol)
        return _HASH in tables and _by_hash(data, library, symbol)


def _by_gnu_hash(data: bytes, library: SharedLibrary, symbol: str) -> bool:
    place = library.offset(library.dynamic[_GNU_HASH])
    buckets, first, words, _ = struct.unpack_from("<4I", data, place)
    if not buckets:
        return False
    table = place + 16 + words * (8 if data[4] == _WIDE else 4)
    hashed = 5381
    for byte in symbol.encode():
        hashed = (hashed * 33 + byte) & 0xFFFFFFFF
    number = _word(data, table + 4 * (hashed % buckets))
    while number >= first:
        link = _word(data, table + 4 * (buckets + number - first))
        if (link ^ hashed) < 2 and _is(data, library, number, symbol):
            return True
        if link & 1:
            break
        number += 1
    return False


def _by_hash(data: bytes, library: SharedLibrary, symbol: str) -> bool:
    place = library.offset(library.dynamic[_HASH])
    buckets, chains = struct.unpack_from("<2I", data, place)
    hashed = 0
    for byte in symbol.encode():
        hashed = (hashed << 4) + byte
        high = hashed & 0xF0000000
        hashed = (hashed ^ high >> 24) & ~high
    number = _word(data, place + 8 + 4 * (hashed % buckets)) if buckets else 0
    for _ in range(min(chains, len(data))):  # a chain may lead in a circle
        if not number:
            return False
        if _is(data, library, number, symbol):
            return True
        number = _word(data, place + 8 + 4 * (buckets + number))
    return False


def _is(data: bytes, library: SharedLibrary, number: int, symbol: str) -> bool:
    """Whether the symbol of that number has that name, and is defined here for others."""
    table, strings = library.offset(library.dynamic[_SYMTAB]), library.offset(library.dynamic[_STRTAB])
    if data[4] == _WIDE:
        text, info, _, section = struct.unpack_from("<IBBH", data, table + 24 * number)
    else:
        text, _, _, info, _, section = struct.unpack_from("<IIIBBH", data, table + 16 * number)
    return section != 0 and info >> 4 in (_GLOBAL, _WEAK) and text_at(data, strings + text) == symbol


def _word(data: bytes, place: int) -> int:
    (value,) = struct.unpack_from("<I", data, place)
    return int(value)
