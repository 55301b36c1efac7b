import assert from "node:assert/strict";
import { test } from "node:test";
import { guard } from "livespan/vite";
import { build } from "vite";
import { Project } from "./project.ts";

/** A build of a user's own, with the guard among its plugins. */
async function builds(entry: string): Promise<void> {
  await using project = await Project.make({
    "counter.state.ts": "export const counter = 1;",
    "work.ts": 'import { counter } from "./counter.state.ts"; postMessage(counter);',
    "main.ts": entry,
  });
  await build({
    root: project.path,
    configFile: false,
    logLevel: "silent",
    plugins: [guard()],
    build: { write: false, rolldownOptions: { input: project.file("main.ts") } },
  });
}

test("the guard keeps a state's file out of a build of one's own, workers included", async () => {
  await assert.rejects(
    builds('import "./counter.state.ts";'),
    /counter\.state\.ts would reach the browser\. .*main\.ts/,
  );
  const worker = 'new Worker(new URL("./work.ts", import.meta.url), { type: "module" });';
  await assert.rejects(builds(worker), /counter\.state\.ts would reach the browser\. .*work\.ts/);
  await builds('import type { counter } from "./counter.state.ts"; const a: typeof counter = 1; console.log(a);');
});
