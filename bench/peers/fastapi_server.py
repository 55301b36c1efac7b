import json
import sys
import threading
import time
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field


class Shop:
    def answer(self, x: float) -> float:
        return x * 42

    def total(self, price: float, quantity: int) -> float:
        return price * quantity


class Order(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    price: Annotated[float, Field(ge=0)]
    quantity: Annotated[int, Field(ge=1)]
    tags: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield {"shop": Shop()}


app = FastAPI(lifespan=lifespan)


@app.get("/predict")
async def predict(request: Request, x: float):
    return {"result": request.state.shop.answer(x)}


@app.post("/orders")
async def orders(request: Request, order: Order):
    return {"name": order.name, "total": request.state.shop.total(order.price, order.quantity)}


def answer_usage() -> None:
    for _ in sys.stdin:
        print(json.dumps({"cpu": time.process_time() * 1e6}), flush=True)


class Server(uvicorn.Server):
    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"port": port}), flush=True)
        threading.Thread(target=answer_usage, daemon=True).start()


Server(
    uvicorn.Config(
        app, host="127.0.0.1", port=0, http="httptools", loop="uvloop", access_log=False, log_level="warning"
    )
).run()
