import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";

const json = async (dev: DevProgram, path: string): Promise<unknown> => JSON.parse(await dev.text(path)) as unknown;

suite("declarations by side effect", { concurrency: 3 }, () => {
  test("to an app that another file makes: everything runs again, once", async () => {
    const routes = (value: number) => `
import app from "./app.ts";
console.log("routes");
app.get("/a", () => ${value});`;
    await using dev = await DevProgram.start(
      {
        "index.ts": 'import "./routes.ts"; import "./other.ts"; export { default } from "./app.ts";',
        "app.ts": 'import { createApp } from "livespan"; console.log("app"); export default createApp();',
        "routes.ts": routes(1),
        "other.ts": 'import app from "./app.ts"; app.get("/b", () => "b");',
      },
      { args: ["index.ts"] },
    );
    assert.equal(await json(dev, "/a"), 1);
    for (const value of [2, 3]) {
      await dev.save({ "routes.ts": routes(value) });
      assert.deepEqual([await json(dev, "/a"), await json(dev, "/b")], [value, "b"]);
    }
    await dev.save({ "routes.ts": "this is no code" });
    assert.equal(await json(dev, "/a"), 3);
    await dev.save({ "routes.ts": `${routes(4)} if (true) throw new Error("half done");` });
    assert.match(dev.program.err, /half done/);
    assert.equal(await json(dev, "/a"), 3);
    await dev.save({ "routes.ts": routes(5) });
    assert.deepEqual([await json(dev, "/a"), await json(dev, "/b")], [5, "b"]);
  });

  test("to a router: of an unchanged file in an app that runs again, and the other way about", async () => {
    const app = (value: number) => `
import { createApp } from "livespan";
import { router } from "./router.ts";
import "./handlers.ts";
console.log("app");
export default createApp().get("/app", () => ${value}).mount("/r", router);`;
    const handlers = (value: number) => `
import { router } from "./router.ts";
console.log("handlers");
router.get("/x", ({ lifespan }) => [${value}, lifespan.db]);`;
    await using dev = await DevProgram.start({
      "app.ts": app(1),
      "router.ts": `
import { createRouter } from "livespan";
import { db } from "./db.ts";
console.log("router");
export const router = createRouter({ lifespan: { db } });`,
      "db.ts": 'import { lifespan } from "livespan"; export const db = lifespan("db", function* () { yield "db"; });',
      "handlers.ts": handlers(1),
    });
    await dev.save({ "app.ts": app(2) });
    assert.deepEqual([await json(dev, "/app"), await json(dev, "/r/x")], [2, [1, "db"]]);
    assert.deepEqual(dev.program.lines, ["router", "handlers", "app", "app"]);
    await dev.save({ "handlers.ts": handlers(2) });
    assert.deepEqual([await json(dev, "/app"), await json(dev, "/r/x")], [2, [2, "db"]]);
  });

  test("a mistake in them is told once, and the old code goes on", async () => {
    const app = (path: string) => `
import { createApp } from "livespan";
import { value } from "./value.ts";
console.log("app");
export default createApp().get("/", () => value).get("${path}", () => "other");`;
    await using dev = await DevProgram.start({ "app.ts": app("/other"), "value.ts": "export const value = 1;" });
    await dev.save({ "app.ts": app("other") });
    assert.equal(await json(dev, "/"), 1);
    await dev.save({ "app.ts": app("/") });
    assert.equal(await json(dev, "/"), 1);
    assert.equal(await json(dev, "/other"), "other");
    assert.equal(dev.outcomes, 2);
    await dev.save({ "app.ts": app("/third") });
    assert.equal(await json(dev, "/third"), "other");
  });
});
