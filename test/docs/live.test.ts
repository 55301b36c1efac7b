// What the README and the guide show of live pages.
import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program, root } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";
import { useBrowser } from "../browser/browser.ts";

const browser = useBrowser();
/** What a page says when its server has stopped. */
const gone = [/WebSocket connection .* failed|ERR_CONNECTION_REFUSED/];

async function counterProject(): Promise<Project> {
  const project = await Project.make({});
  for (const [name, as] of [
    ["counter.state.ts", "counter.state.ts"],
    ["counter.page.tsx", "counter.page.tsx"],
    ["counter.ts", "app.ts"],
  ] as const) {
    await cp(join(root, "examples/docs", name), project.file(as));
  }
  return project;
}

test("the README's live page counts, in a folder with its three files", async () => {
  await using project = await counterProject();
  await using program = Program.cli(["start", "app.ts", "--port", "0"], {
    cwd: project.path,
    env: { NODE_ENV: "development" },
  });
  await using visitor = await browser.visitor({ expected: gone });
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

test("an edit of the README's state ends the count, keeps the number and offers to start again", async () => {
  await using project = await counterProject();
  await using program = Program.cli(["dev", "app.ts", "--port", "0"], { cwd: project.path });
  await using visitor = await browser.visitor({ expected: gone });
  const page = await visitor.open(await program.url());
  await page.getByLabel("Count to").fill("1000");
  await page.getByRole("button", { name: "Start" }).click();
  // Each number is there for a moment, and may be gone before anybody has looked.
  await page.getByRole("heading", { name: /^[1-9]\d* \/ 1000$/ }).waitFor();
  const state = await readFile(project.file("counter.state.ts"), "utf8");
  await project.write({ "counter.state.ts": state.replace("} / ${", "} of ${") });
  await page.getByRole("button", { name: "Start" }).waitFor();
  await page.getByRole("heading", { name: /^[1-9]\d* of 1000$/ }).waitFor();
  assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
});
