import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";

const app = `
import { createApp, lifespan } from "livespan";
const kept = lifespan("kept", { keepOnReload: true }, function* () {
  console.log("kept " + process.env.NAME);
  yield process.env.NAME;
});
export default createApp({ lifespan: { kept } })
  .get("/", ({ lifespan }) => [lifespan.kept, process.env.NAME, process.env.LOCAL, process.env.OWN, process.env.NODE_ENV, import.meta.env.VITE_SHOWN]);`;

const answer = async (dev: DevProgram): Promise<unknown> => JSON.parse(await dev.text()) as unknown;

suite("the environment in development", { concurrency: 2 }, () => {
  test("has what .env and its local kin say; an edit is served, also to what is kept; what it has by itself comes first", async () => {
    await using dev = await DevProgram.start(
      {
        "app.ts": app,
        ".env": "NAME=first\nOWN=file\nNODE_ENV=production\nVITE_SHOWN=first",
        ".env.local": "LOCAL=mine",
      },
      { env: { OWN: "own" } },
    );
    assert.deepEqual(await answer(dev), ["first", "first", "mine", "own", "development", "first"]);
    await dev.project.write({ ".env": "NAME=second\nVITE_SHOWN=second" });
    await dev.answers(["second", "second", "mine", "own", "development", "second"]);
    await dev.project.write({ "app.ts": `${app}\n// another` });
    await dev.remove(".env.local");
    await dev.answers(["second", "second", null, "own", "development", "second"]);
    assert.deepEqual(dev.program.lines.slice(0, 2), ["kept first", "kept second"]);
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
  });

  test("has what a file that is named says, in their place, and hears of its edits", async () => {
    const files = { "app.ts": app, ".env": "NAME=unread", "config/dev": "NAME=named" };
    await using dev = await DevProgram.start(files, { args: ["--env", "config/dev"] });
    assert.deepEqual(await answer(dev), ["named", "named", null, null, "development", null]);
    await dev.project.write({ "config/dev": "NAME=edited" });
    await dev.answers(["edited", "edited", null, null, "development", null]);
  });

  test("hears of edits of a file that is named and lies outside of its folder", async () => {
    const project = await DevProgram.project({ "in/app.ts": app, "outside.env": "NAME=named" });
    await using dev = await DevProgram.launch(project, { args: ["--env", "../outside.env"], cwd: "in" });
    assert.deepEqual(await answer(dev), ["named", "named", null, null, "development", null]);
    await dev.project.write({ "outside.env": "NAME=edited" });
    await dev.answers(["edited", "edited", null, null, "development", null]);
  });

  test("a file that is named and missing, or is a folder, is said before anything is started", async () => {
    for (const name of ["gone", "folder"]) {
      const project = await DevProgram.project({ "app.ts": app, "folder/file": "" });
      await using dev = await DevProgram.launch(project, { args: ["--env", name] });
      assert.deepEqual(await dev.program.end(), { code: 78, signal: null });
      const said = new RegExp(`^livespan: --env: there is no file ${name}\\. .*\\[UNKNOWN_FLAG\\]\n$`);
      assert.match(dev.program.err, said);
    }
  });
});
