import asyncio

from fastapi import APIRouter, Request

edit = 0

routes = APIRouter()


@routes.get("/")
async def home(request: Request):
    return {"edit": edit, "isOpen": request.state.shop.is_open}


@routes.get("/slow")
async def slow(request: Request):
    await asyncio.sleep(0.03)
    return {"edit": edit, "isOpen": request.state.shop.is_open}
