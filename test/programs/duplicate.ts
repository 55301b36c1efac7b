// An app with two lifespans of the same name.
import { createApp, lifespan } from "livespan";

const db = () =>
  lifespan("db", async function* () {
    console.log("db+");
    yield;
  });

export default createApp({ lifespan: { reader: db(), writer: db() } });
