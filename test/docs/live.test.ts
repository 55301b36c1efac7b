// What the README and the guide show of live pages.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program, root } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";
import { useBrowser } from "../browser/browser.ts";

const browser = useBrowser();

test("the README's live page counts, in a folder with its three files", async () => {
  await using project = await Project.make({});
  for (const [name, as] of [
    ["counter.state.ts", "counter.state.ts"],
    ["counter.page.tsx", "counter.page.tsx"],
    ["counter.ts", "app.ts"],
  ] as const) {
    await cp(join(root, "examples/docs", name), project.file(as));
  }
  await using program = Program.cli(["start", "app.ts", "--port", "0"], {
    cwd: project.path,
    env: { NODE_ENV: "development" },
  });
  await using visitor = await browser.visitor({ expected: [/WebSocket connection .* failed|ERR_CONNECTION_REFUSED/] });
  const page = await visitor.open(await program.url());
  await page.getByLabel("Count to").fill("2");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("heading", { name: "2 / 2" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Start" }).waitFor();
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("heading", { name: "0 / 2" }).waitFor();
  assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
});
