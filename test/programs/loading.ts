// An app that takes for ever to load.
import { createApp } from "livespan";

console.log("loading");
await new Promise((resolve) => setTimeout(resolve, 60_000));

export default createApp();
