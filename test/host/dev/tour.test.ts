import assert from "node:assert/strict";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { Load } from "./load.ts";
import { Project } from "../../app/pages/project.ts";
import { root } from "../../programs/program.ts";

test("the tour is edited while it is used: a route, a task, a state and a page", async () => {
  const project = await Project.copy("tour", "examples");
  for (const name of ["hono", "@hono", "marked", "wink-nlp", "wink-eng-lite-web-model"]) {
    await symlink(join(root, "node_modules", name), project.file(`node_modules/${name}`), "junction");
  }
  await project.write({ "documents/guide.md": "# The guide\n\nRead this lovely guide first.\n" });
  await using dev = await DevProgram.launch(project, { env: { DOCS_DIR: project.file("documents") } });
  const stats = `${await dev.program.url()}/stats`;
  await using load = new Load(stats);
  const edit = async (file: string, from: string, to: string): Promise<void> => {
    const before = await readFile(project.file(file), "utf8");
    assert.ok(before.includes(from), `${file} has no ${from}`);
    await dev.save({ [file]: before.replace(from, to) });
  };
  await edit(
    "statistics.ts",
    'statistics.get("/stats"',
    'statistics.get("/extra", () => "extra"); statistics.get("/stats"',
  );
  assert.equal(await dev.text("/extra"), '"extra"');
  await edit("watcher.ts", "import ", "// Edited.\nimport ");
  await edit("room/desk.state.ts", "import ", "// Edited.\nimport ");
  assert.match(await dev.text("/"), /<html/);
  await load.stop();
  assert.deepEqual(load.failures, []);
  assert.equal(dev.reloads, 3);
  assert.deepEqual(await dev.stop(), { code: 0, signal: null });
});
