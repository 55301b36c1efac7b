"""The boards of programs/live/boards.ts as Reflex states. It is imported before anything else of Reflex."""

import os
import tempfile

# Nothing is compiled here, and what Reflex writes beside itself goes with this folder.
folder = tempfile.TemporaryDirectory(prefix="livespan-bench-reflex-")
os.chdir(folder.name)
os.environ.setdefault("REFLEX_STATE_MANAGER_MODE", "redis" if "REFLEX_REDIS_URL" in os.environ else "memory")
os.environ.setdefault("REFLEX_TELEMETRY_ENABLED", "false")

import reflex as rx  # noqa: E402
from reflex.environment import environment  # noqa: E402

environment.REFLEX_SKIP_COMPILE.set(True)

words = "the quick brown fox jumps over the lazy dog and then sleeps ".split(" ")[:-1]


def items(count: int) -> list[dict]:
    return [{"id": at, "name": f"item {at}", "price": at % 100, "done": False} for at in range(count)]


def small_step(state):
    state.count += 1


def rows_step(state):
    state.rows[(state.count * 7) % len(state.rows)]["price"] += 1
    state.count += 1


def lines_step(state):
    state.lines.append(f"line {1_000 + len(state.lines)} of it")


def tokens_step(state):
    state.text += words[len(state.text) % len(words)] + " "


def cell_step(state):
    state.rows[5_000]["price"] += 1


steps = {"small": small_step, "rows": rows_step, "lines": lines_step, "tokens": tokens_step, "cell": cell_step}


def board_of(name: str):
    """The board as a state, with its step as an event, and the names of its vars."""
    first = {
        "small": {"count": 0, "limit": 10, "running": False, "name": "Ada"},
        "rows": {"count": 0, "rows": items(1_000)},
        "lines": {"lines": []},
        "tokens": {"text": ""},
        "cell": {"rows": items(10_000)},
    }[name]
    types = {"rows": list[dict], "lines": list[str]}

    def step(self):
        steps[name](self)

    members = {
        "__module__": __name__,
        "__annotations__": {field: types.get(field, type(value)) for field, value in first.items()},
        "step": rx.event(step),
    }
    board = type("Board", (rx.State,), {**first, **members})
    # What is kept in Redis is pickled, and found again by its name.
    globals()["Board"] = board
    return board, list(first)
