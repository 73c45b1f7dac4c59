"""What the process that keeps places and edgezoo say to one another: a line of JSON each."""

from __future__ import annotations

from msgspec import Struct


class Ask(Struct, frozen=True):
    """The keeper's first and only line of input; when its input ends, it gives the places back."""

    coordinator: str
    match: dict[str, str]
    devices: int


class Found(Struct, frozen=True):
    """A place that is reserved, and where its device is: an adb server and a serial number, or a host with ssh."""

    place: str
    kind: str  # adb, network (adb's own port of a device), ssh
    host: str
    port: int
    serialno: str = ""
    user: str = ""


class Holder(Struct, frozen=True):
    """Who has a place: somebody (`who`, HOST/USER as labgrid has it) acquired it, or reserved it; `own`: the user here."""

    place: str
    who: str
    acquired: bool
    own: bool = False


class Said(Struct, frozen=True):
    """A line of the keeper.

    `event`: waiting (`position` in the queue, `have` of the places, `holders` of the others), reserved (`places`), lost
    (`place`, `text`), passed (a place without a device that can be used: why), error (`text`, `hint`).
    """

    event: str
    position: int = 0
    have: int = 0
    places: tuple[Found, ...] = ()
    holders: tuple[Holder, ...] = ()
    place: str = ""
    text: str = ""
    hint: str = ""
