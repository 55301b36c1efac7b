import assert from "node:assert/strict";
import { mkdtempDisposable, stat, utimes, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manualClock } from "livespan/testing";
import { Contents } from "../../../src/host/dev/modules/contents.ts";

async function watched() {
  const folder = await mkdtempDisposable(join(tmpdir(), "livespan-contents-"));
  const clock = manualClock();
  const told = new EventTarget();
  const file = join(folder.path, "app.ts");
  let count = 0;
  told.addEventListener("changed", () => count++);
  const changed = (): void => void told.dispatchEvent(new Event("changed"));
  const contents = new Contents({ clock, changed });
  const write = async (text: string): Promise<boolean> => {
    await writeFile(file, text);
    return contents.isNews(file);
  };
  /** Settles when the second looks have been taken. */
  const still = async (): Promise<void> => {
    await clock.advance(75);
    for (let look = 0; look < 3; look++) await stat(file);
  };
  const stack = new AsyncDisposableStack();
  stack.defer(() => folder.remove());
  stack.use(contents);
  return {
    clock,
    contents,
    told,
    file,
    write,
    still,
    count: () => count,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("what was loaded is no news, and what was not is", async () => {
  await using it = await watched();
  assert.equal(await it.write("a"), true);
  it.contents.loaded(it.file, "a");
  assert.equal(await it.write("a"), false);
  assert.equal(await it.write("b"), true);
});

test("what a watcher drops, of a file that it has just told of, is seen all the same, once", async () => {
  await using it = await watched();
  await writeFile(it.file, "a");
  it.contents.noticed(it.file);
  // Its own look at the file is ahead of this one.
  await stat(it.file);
  await writeFile(it.file, "b");
  await utimes(it.file, new Date(), new Date(2030, 1));
  const changed = once(it.told, "changed");
  await it.clock.advance(75);
  await changed;
  it.contents.noticed(it.file);
  await it.still();
  assert.equal(it.count(), 1);
});

test("a file that was emptied counts once it has stayed empty", async () => {
  await using it = await watched();
  it.contents.loaded(it.file, "a");
  assert.equal(await it.write(""), false);
  it.contents.noticed(it.file);
  const changed = once(it.told, "changed");
  await it.clock.advance(75);
  await changed;
  assert.equal(await it.contents.isNews(it.file), true);
  it.contents.noticed(it.file);
  await it.still();
  assert.equal(it.count(), 1);
});

test("what has changed before it was watched is told of once it is", async () => {
  await using it = await watched();
  await writeFile(it.file, "a");
  it.contents.loaded(it.file, "a");
  it.contents.loaded("virtual:module", "a");
  await it.contents.compare();
  assert.equal(it.count(), 0);
  await writeFile(it.file, "b");
  await it.contents.compare();
  assert.equal(it.count(), 1);
});
