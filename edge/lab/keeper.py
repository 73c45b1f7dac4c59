"""The process that reserves places of a labgrid coordinator and keeps them: `python -m edge.lab.keeper`.

It is a process of its own for labgrid's sake (its logging, its hook for exceptions, gRPC's threads, which a fork disturbs),
and so that places are given back however edgezoo ends: its standard input ends with edgezoo. If it is killed itself, labgrid
forgets its reservations, which it has to renew (60 s, looked at every 15 s). That is why a place is reserved and never
acquired: an acquired place stays so until somebody releases it. Nobody else can acquire a place that is reserved.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from edge.errors import LabError
from edge.lab.places import device_of, matching
from edge.lab.words import Ask, Found, Holder, Said
from edge.typed import decode, encode
from edge.untrusted.guard import one_line

POLL_SECONDS = 1.0  # while waiting, as labgrid's own client
RENEW_SECONDS = 10.0  # of the 60 that a reservation lasts
PATIENCE_SECONDS = 30.0  # of holding some places while others are waited for
_ALLOCATED = ("allocated", "acquired")
_FORGOTTEN = "the coordinator does not know the reservation any more"


class Keeper:
    """One coordinator's places. `session` is labgrid's `ClientSession`."""

    def __init__(self, session: Any, ask: Ask) -> None:
        self._session, self._ask = session, ask
        self._tokens: dict[str, str] = {}  # of our reservations; the place, "" while there is none
        self._unusable: dict[str, LabError] = {}
        self._told: Said | None = None

    async def reserve(self) -> list[Found]:
        """Wait until all places are ours. Raises `LabError` where that can never be."""
        since = time.monotonic()
        while True:
            self._check_enough()
            while len(self._tokens) - len(self._unusable) < self._ask.devices:
                token = (await self._call("CreateReservation", filters=self._filters())).token
                self._tokens[token] = ""
            found = await self._usable(await self._allocated())
            if len(found) >= self._ask.devices:
                await self.give_back(self._unusable)
                return found
            if len(found) + len(self._unusable) == len(self._tokens):
                continue
            await self._tell(len(found))
            if found and time.monotonic() - since > PATIENCE_SECONDS + random.uniform(0, PATIENCE_SECONDS):
                await self.give_back()  # so that two who have a part each do not wait for one another
                await asyncio.sleep(random.uniform(0, 5))
                since = time.monotonic()
            await asyncio.sleep(POLL_SECONDS)

    async def keep(self, found: list[Found]) -> None:
        """Renew the reservations until they are lost; says so of each."""
        kept = {token: place for token, place in self._tokens.items() if place in {one.place for one in found}}
        while kept:
            await asyncio.sleep(RENEW_SECONDS)
            for token, place in list(kept.items()):
                why = await self._renewed(token)
                if why is not None:
                    del kept[token]
                    say(Said("lost", place=place, text=why))

    async def give_back(self, places: Collection[str] | None = None) -> None:
        """Cancel the reservations of those places; without any every reservation."""
        for token, place in list(self._tokens.items()):
            if places is None or place in places:
                with suppress(LabError):
                    await self._call("CancelReservation", token=token)
                del self._tokens[token]
        self._unusable = {}

    async def _renewed(self, token: str) -> str | None:
        """None, or why the place is ours no more. A coordinator that is away gives it to nobody."""
        try:
            state = _state(await self._call("PollReservation", token=token))
        except LabError as error:
            return None if error.passing else f"{_FORGOTTEN}: it was restarted, or did not hear from here for minutes"
        return None if state in _ALLOCATED else f"the reservation is {state}"

    async def _allocated(self) -> list[str]:
        for token in self._tokens:
            try:
                reservation = await self._call("PollReservation", token=token)
            except LabError as error:
                if error.passing:
                    raise
                raise LabError(_FORGOTTEN, hint="it was restarted; the same command queues again") from None
            if _state(reservation) in _ALLOCATED:
                self._tokens[token] = reservation.allocations["main"]
            elif _state(reservation) != "waiting":
                raise LabError(f"a reservation is {_state(reservation)}", hint="run it again")
        return [place for place in self._tokens.values() if place]

    async def _usable(self, places: list[str]) -> list[Found]:
        found = []
        for name in places:
            try:
                if (place := self._session.places.get(name)) is None:
                    raise LabError("it was deleted", hint="run it again")
                found.append(device_of(name, place, self._session.resources))
            except LabError as error:
                if name not in self._unusable:
                    self._unusable[name] = error  # it stays reserved meanwhile, so that another one is found
                    say(Said("passed", place=name, text=error.message, hint=error.hint))
        return found

    def _check_enough(self) -> None:
        all_ = matching(self._session.places, self._ask.match)
        if len(all_) >= self._ask.devices + len(self._unusable):
            return
        words = " ".join(f"{key}={value}" for key, value in self._ask.match.items())
        others = sorted(
            {one_line(f"{key}={value}") for one in self._session.places.values() for key, value in one.tags.items()}
        )
        if not all_:
            raise LabError(
                f"no place of the lab has the tags {words}",
                hint="tags there: " + (", ".join(others[:20]) or "none; labgrid-client set-tags gives a place some"),
            )
        usable = len(all_) - len(self._unusable)
        if not usable:
            hints = dict.fromkeys(error.hint for error in self._unusable.values())
            raise LabError(f"no place of the lab with the tags {words} can be used", hint="; ".join(hints))
        raise LabError(
            f"--devices {self._ask.devices}: the lab has {usable} with the tags {words}"
            + (" that can be used" if self._unusable else ""),
            hint=f"--devices {usable}",
        )

    async def _tell(self, have: int) -> None:
        """How many reservations that could take our places come before our first waiting one, and who has the places."""
        everyone = (await self._raw("GetReservations")).reservations
        ours = [one for one in everyone if one.token in self._tokens and _state(one) == "waiting"]
        if not ours:
            return
        first = min(ours, key=lambda one: one.created)
        places = matching(self._session.places, self._ask.match)
        ahead = [
            one
            for one in everyone
            if _state(one) == "waiting"
            and (-one.prio, one.created) < (-first.prio, first.created)
            and set(matching(self._session.places, dict(one.filters["main"].filter))) & set(places)
        ]
        now = Said("waiting", position=len(ahead) + 1, have=have, holders=tuple(self._holders(places, everyone)))
        if now != self._told:
            self._told = now
            say(now)

    def _holders(self, places: Sequence[str], reservations: Sequence[Any]) -> Iterator[Holder]:
        """Of those that are not ours. Who acquired a place by hand waits for himself, whatever his place in the queue."""
        owners = {one.token: one.owner for one in reservations if one.token not in self._tokens}
        me = self._session.getuser()
        for name in sorted(places):
            place = self._session.places[name]
            who = place.acquired or owners.get(place.reservation)
            if who:
                yield Holder(name, who, bool(place.acquired), own=who.rpartition("/")[2] == me)

    def _filters(self) -> Mapping[str, Any]:
        from labgrid.remote.generated import labgrid_coordinator_pb2 as messages  # type: ignore[import-untyped]

        return {"main": messages.Reservation.Filter(filter=self._ask.match)}

    async def _call(self, name: str, **fields: Any) -> Any:
        return (
            (await self._raw(name, **fields)).reservation
            if name != "CancelReservation"
            else await self._raw(name, **fields)
        )

    async def _raw(self, name: str, **fields: Any) -> Any:
        import grpc  # type: ignore[import-untyped]
        from labgrid.remote.generated import labgrid_coordinator_pb2 as messages

        request = getattr(messages, f"{name}Request")(**fields)
        try:
            return await getattr(self._session.stub, name)(request, timeout=RENEW_SECONDS)
        except grpc.aio.AioRpcError as error:
            away = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            what = "does not answer" if away else f"refuses: {error.details()}"
            raise LabError(
                f"the coordinator {self._ask.coordinator} {what}", hint="is it running there?", passing=away
            ) from None


def _state(reservation: Any) -> str:
    from labgrid.remote.common import ReservationState  # type: ignore[import-untyped]

    return str(ReservationState(reservation.state).name)


def say(said: Said) -> None:
    """One line; edgezoo may be gone."""
    with suppress(BrokenPipeError):
        print(encode(said), flush=True)


async def _until_input_ends(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 12):
        pass


async def run(ask: Ask, reader: asyncio.StreamReader) -> None:
    """Reserve, say so, and keep until the input ends."""
    from labgrid.remote.client import ClientSession, ServerError  # type: ignore[import-untyped]

    session = ClientSession(ask.coordinator, asyncio.get_running_loop())
    keeper = Keeper(session, ask)
    gone = asyncio.create_task(_until_input_ends(reader))

    async def work() -> None:
        try:
            await session.start()
        except ServerError:
            raise LabError(
                f"no coordinator answers at {ask.coordinator}", hint="labgrid-coordinator runs it; --lab HOST:PORT"
            ) from None
        found = await keeper.reserve()
        say(Said("reserved", places=tuple(found)))
        await keeper.keep(found)

    working = asyncio.create_task(work())
    try:
        await asyncio.wait({gone, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            await gone
    except LabError as error:
        say(Said("error", text=error.message, hint=error.hint))
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await working
        with suppress(Exception):
            await asyncio.wait_for(keeper.give_back(), 2 * RENEW_SECONDS)
        session.stopping.set()
        with suppress(Exception):
            await asyncio.wait_for(session.stop(), 2)
            await session.close()


async def main() -> None:
    """Hear what is asked for, then `run`."""
    logging.getLogger().addHandler(logging.NullHandler())  # labgrid's words are not edgezoo's
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ask = decode(await reader.readline(), Ask, "what is asked of the keeper")
    await run(ask, reader)


if __name__ == "__main__":
    asyncio.run(main())
