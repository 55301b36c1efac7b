// FastAPI, "shutdown event": a line is appended to a log file once the last request has been answered.
import { appendFileSync } from "node:fs";
import { createApp } from "livespan";

export const app = createApp();

// As in the original the handler is a plain function: it may block, for nothing else runs any more.
app.onEvent("shutdown", () => {
  appendFileSync(process.env["LOG_FILE"] ?? "log.txt", "Application shutdown\n");
});

app.get("/items/", () => [{ name: "Foo" }]);

export default app;
