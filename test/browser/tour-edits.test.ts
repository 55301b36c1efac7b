import assert from "node:assert/strict";
import { copyFile, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { Project } from "../app/pages/project.ts";
import { DevProgram } from "../host/dev/dev-program.ts";
import { Load } from "../host/dev/load.ts";
import { root } from "../programs/program.ts";
import { useBrowser } from "./browser.ts";

const browser = useBrowser();
const packages = ["hono", "@hono", "marked", "wink-nlp", "wink-eng-lite-web-model", "@vitejs"];
/** So many, and so long, that they are read for longer than all of the edits take. */
const documents = 120;
const textOf = (at: number): string => `# Text ${at}\n\n${`The reader of part ${at} likes it. `.repeat(1_500)}\n`;

/** The tour in a folder of its own, with the task of the seeds, and texts to index. */
async function makeTour(): Promise<Project> {
  const project = await Project.copy("tour", "examples");
  for (const name of packages) {
    await symlink(join(root, "node_modules", name), project.file(`node_modules/${name}`), "junction");
  }
  await copyFile(join(root, "examples/seeds/long-running-task.ts"), project.file("long-running-task.ts"));
  const app = await readFile(project.file("app.ts"), "utf8");
  const texts = Array.from({ length: documents }, (_, at) => [`texts/${at}.md`, textOf(at)]);
  await project.write({
    ...Object.fromEntries(texts),
    "documents/guide.md": "# The guide\n\nRead this lovely guide first.\n",
    "app.ts": app
      .replace("import { page }", 'import { longRunningTask } from "./long-running-task.ts";\nimport { page }')
      .replace("follower]", 'follower, longRunningTask.with({ foo: 42, bar: "bar" })]'),
  });
  return project;
}

/** What happens to a tab that should not. */
function watch(page: Page): { readonly sockets: string[]; closed: number; navigations: number } {
  const seen = { sockets: [] as string[], closed: 0, navigations: 0 };
  page.on("websocket", (socket) => {
    seen.sockets.push(new URL(socket.url()).pathname);
    socket.on("close", () => seen.closed++);
  });
  page.on("framenavigated", () => seen.navigations++);
  return seen;
}

test("the tour is edited while it is used: no request, no tab and no run is lost", async () => {
  const project = await makeTour();
  await using dev = await DevProgram.launch(project, { env: { DOCS_DIR: project.file("documents") } });
  const url = await dev.program.url();
  await using visitor = await browser.visitor();
  const [desk, index] = [await visitor.context.newPage(), await visitor.context.newPage()];
  const seen = [watch(desk), watch(index)];
  await desk.goto(url);
  await index.goto(`${url}/index`);

  await desk.getByLabel("Your text, in English").fill("Ada met Charles on 5 June 1833. It was lovely.");
  await desk.getByRole("button", { name: "Read it" }).click();
  await desk.getByText("It was lovely").first().waitFor();
  await desk.getByLabel("Your text, in English").fill("A text that is not sent yet.");
  await index.getByLabel("A folder on the server’s machine").fill(project.file("texts"));
  await index.getByRole("button", { name: "Index it" }).click();
  await index.getByText("Indexing", { exact: false }).first().waitFor();

  const edit = async (file: string, from: string, to: string): Promise<void> => {
    const before = await readFile(project.file(file), "utf8");
    assert.ok(before.includes(from), `${file} has no ${from}`);
    await project.write({ [file]: before.replace(from, to) });
  };
  await using load = new Load(`${url}/stats`);
  const route = 'statistics.get("/runs", ({ app: { work } }) => work.list({ tasks: ["index-folder"] }));\n';
  await dev.after(() => edit("statistics.ts", 'statistics.get("/stats"', `${route}statistics.get("/stats"`));
  await dev.after(() => edit("long-running-task.ts", "console.log(`Starting", "console.log(`Begun anew:"));
  await dev.after(() => edit("room/desk.state.ts", 'pace: "steady" as Pace,', 'pace: "steady" as Pace,\n  added: 1,'));
  await edit("room/room.page.tsx", "What does a text say?", "What does your text say?");
  await desk.getByText("What does your text say?").waitFor();

  const runs = async () =>
    JSON.parse(await dev.text("/runs")) as { state: string; output?: { documents: unknown[] } }[];
  assert.deepEqual(
    (await runs()).map(({ state }) => state),
    ["running"],
  );
  assert.ok(await desk.getByText("It was lovely").first().isVisible(), "what the server keeps for the tab");
  assert.equal(await desk.getByLabel("Your text, in English").inputValue(), "A text that is not sent yet.");
  await desk.getByRole("button", { name: "Read it" }).click();
  await desk.getByText("A text that is not sent yet.").nth(1).waitFor();
  await load.stop();

  await index.getByText("Complete").waitFor({ timeout: 40_000 });
  const [run, ...others] = await runs();
  assert.deepEqual([run?.state, run?.output?.documents.length, others], ["succeeded", documents, []]);
  assert.deepEqual(load.failures, []);
  for (const answers of load.answers) assert.ok(answers.length > 0);
  const untouched = { sockets: ["/@dev/", "/_live"], closed: 0, navigations: 1 };
  assert.deepEqual(
    seen.map((each) => ({ ...each, sockets: each.sockets.toSorted() })),
    [untouched, untouched],
  );
  const said = dev.program.lines.filter((line) => line.endsWith("42 bar task") || line === "Task was stopped");
  const [first, stopped, anew] = ["Starting 42 bar task", "Task was stopped", "Begun anew: 42 bar task"];
  assert.deepEqual(said, [first, stopped, first, stopped, anew, stopped, anew]);
  await visitor.context.close();
  assert.deepEqual(await dev.stop(), { code: 0, signal: null });
});
