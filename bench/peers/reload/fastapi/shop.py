import asyncio
from contextlib import asynccontextmanager


class Shop:
    is_open = True
    beats = 0


async def beat(shop: Shop) -> None:
    while True:
        shop.beats += 1
        await asyncio.sleep(0.05)


@asynccontextmanager
async def lifespan(app):
    shop = Shop()
    beating = asyncio.create_task(beat(shop))
    yield {"shop": shop}
    beating.cancel()
    shop.is_open = False
