import assert from "node:assert/strict";
import { chmod, mkdir, open, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { folder, Opened } from "./ledger.ts";

describe("a file that cannot be used is refused by name, with what to do", () => {
  test("a folder in its place", async () => {
    await using dir = await folder();
    const file = join(dir.path, "work.db");
    await mkdir(file);
    await assert.rejects(Opened.open(file), {
      code: "ENGINE_FILE",
      message: /work\.db cannot be opened\. Let this user/,
    });
  });

  test("a file in place of its folder", async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, "data"), "");
    await assert.rejects(Opened.open(join(dir.path, "data", "work.db")), { code: "ENGINE_FILE" });
  });

  test("something else than a database", async () => {
    await using dir = await folder();
    const file = join(dir.path, "work.db");
    await writeFile(file, "this is a letter, and no database ".repeat(100));
    await assert.rejects(Opened.open(file), { code: "ENGINE_FILE", message: /is not a SQLite database/ });
  });

  test("a damaged one", async () => {
    await using dir = await folder();
    const file = join(dir.path, "work.db");
    const opened = await Opened.open(file);
    await opened.enqueue(...Array.from({ length: 200 }, (_, i) => `run-${i}`));
    await opened.ledger.close();
    const handle = await open(file, "r+");
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size - 100, 0xab), 0, size - 100, 100);
    await handle.close();
    await assert.rejects(Opened.open(file), { code: "ENGINE_FILE", message: /is damaged/ });
  });

  test("the schema of a newer version", async () => {
    await using dir = await folder();
    const file = join(dir.path, "work.db");
    await (await Opened.open(file)).ledger.close();
    const database = new DatabaseSync(file);
    database.exec("update schema_version set version = 4711");
    database.close();
    await assert.rejects(Opened.open(file), { code: "ENGINE_SCHEMA", message: /work\.db has schema version 4711/ });
  });

  const isRoot = process.getuid?.() === 0;
  test("a folder that this user may not write", { skip: isRoot && "root may write everywhere" }, async () => {
    await using dir = await folder();
    await chmod(dir.path, 0o500);
    await assert.rejects(Opened.open(join(dir.path, "work.db")), { code: "ENGINE_FILE" });
    await chmod(dir.path, 0o700);
  });
});

test("a file that was refused can be opened once it is mended", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await writeFile(file, "no database ".repeat(100));
  await assert.rejects(Opened.open(file), { code: "ENGINE_FILE" });
  await writeFile(file, "");
  await using opened = await Opened.open(file);
  await opened.enqueue("a");
  assert.equal(await opened.count(), 1);
});
