"""Reflex under uvicorn: a board for each tab. In Redis, where REFLEX_REDIS_URL says so."""

import asyncio
import gc
import json
import sys
import threading
import time

from reflex_boards import board_of, rx, steps

import uvicorn
from reflex.istate.manager.token import BaseStateToken
from reflex_base.utils.format import format_event_handler

name = sys.argv[1]
Board, fields = board_of(name)
app = rx.App()


def token_of(ident: str) -> BaseStateToken:
    return BaseStateToken(ident=ident, cls=Board)


async def step(ident: str) -> None:
    async with app.modify_state(token_of(ident)) as state:
        steps[name](await state.get_state(Board))


async def usage(question: dict) -> dict:
    cpu = time.process_time() * 1e6
    if question.get("collect"):
        gc.collect()
    with open("/proc/self/statm") as memory:
        return {"cpu": cpu, "rss": int(memory.read().split()[1]) * 4096}


async def run(question: dict) -> None:
    for _ in range(question["steps"]):
        await step(question["token"])
        if question["pause"] > 0:
            await asyncio.sleep(question["pause"] / 1_000)


async def drive(question: dict) -> None:
    async def one(ident: str) -> None:
        for _ in range(question["count"]):
            await step(ident)

    await asyncio.gather(*map(one, question["tokens"]))


async def commit(question: dict) -> dict:
    at = time.monotonic_ns() / 1e6
    # Of every tab: see broadcast.ts.
    await asyncio.gather(*map(step, list(app.event_namespace.token_to_sid)))
    return {"at": at}


async def states(question: dict) -> list[dict]:
    found = []
    for ident in question["tokens"]:
        async with app.state_manager.modify_state(token_of(ident)) as root:
            state = await root.get_state(Board)
            found.append({field: state.get_value(field) for field in fields})
    return found


answers = {"usage": usage, "run": run, "drive": drive, "commit": commit, "states": states}


async def answer(question: dict) -> None:
    try:
        with app.set_contexts():
            given = await answers[question["ask"]](question)
    except Exception as error:  # the harness shows it
        given = {"failed": repr(error)}
    print(json.dumps(given), flush=True)


def listen(loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        asyncio.run_coroutine_threadsafe(answer(json.loads(line)), loop)


class Server(uvicorn.Server):
    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"port": port}), flush=True)
        threading.Thread(target=listen, args=[asyncio.get_running_loop()], daemon=True).start()


Server(
    uvicorn.Config(
        app(),
        host="127.0.0.1",
        port=0,
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
        # Nobody else compresses here, nor does the server that Reflex itself starts.
        ws_per_message_deflate=False,
    )
).run()
