import { createApp } from "livespan";
import { serve } from "livespan/node";

const [port, lameDuck = 0] = process.argv.slice(2).map(Number);

const app = createApp();
app.get("/", () => ({ hello: "world" }));

serve(app, { port, host: "127.0.0.1", budgets: { lameDuck } });
