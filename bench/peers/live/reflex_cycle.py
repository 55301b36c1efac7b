"""Reflex in one process: the lock, a change, the delta, and its text."""

import asyncio
import json
import sys
import time

from reflex_boards import board_of, rx, steps

from reflex.app import _sio_dumps
from reflex.istate.manager.token import BaseStateToken

name, seconds = sys.argv[1], float(sys.argv[2])
Board, fields = board_of(name)
app = rx.App()
token = BaseStateToken(ident="tab", cls=Board)


async def cycle() -> str:
    async with app.state_manager.modify_state(token) as root:
        steps[name](await root.get_state(Board))
        delta = await root._get_resolved_delta()
        root._clean()
        return _sio_dumps(delta)


async def spend() -> float:
    """Cycles for each second of CPU."""
    began, made = time.process_time(), 0
    while time.process_time() - began < seconds:
        for _ in range(10):
            await cycle()
        made += 10
    return made / (time.process_time() - began)


async def is_followed() -> bool:
    copy: dict = {}
    for _ in range(100):
        for changes in json.loads(await cycle()).values():
            copy.update({field.removesuffix("_rx_state_"): value for field, value in changes.items()})
    state = await (await app.state_manager.get_state(token)).get_state(Board)
    return len(copy) > 0 and all(state.get_value(field) == value for field, value in copy.items() if field in fields)


async def main() -> None:
    await spend()
    made = await spend()
    print(json.dumps({"perSecond": made, "divergent": 0 if await is_followed() else 1}), flush=True)


with app.set_contexts():
    asyncio.run(main())
