from fastapi import FastAPI

from routes import routes
from shop import lifespan

app = FastAPI(lifespan=lifespan)
app.include_router(routes)
