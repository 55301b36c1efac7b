// FastAPI, "Async Context Manager": `async with lifespan(app): await do_stuff()`, without an app.
import { open } from "livespan";
import { models } from "./lifespan.ts";

/** Opens the models, asks them, and has closed them again when it settles, also when asking fails. */
export async function doStuff(x: number): Promise<number> {
  await using opened = await open({ models });
  return opened.lifespan.models.answerToEverything(x);
}

if (import.meta.main) console.log(await doStuff(2));
