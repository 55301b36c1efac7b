import assert from "node:assert/strict";
import { test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { Leftovers } from "../../../src/host/dev/process/leftovers.ts";

/** What is said while so many timers, and sockets, are seen one after the other. */
function said(counts: readonly (readonly [timers: number, sockets: number, incoming?: number])[]): string[] {
  const lines: string[] = [];
  let accepted = 0;
  const leftovers = new Leftovers(
    (_, message) => lines.push(message),
    () => accepted,
  );
  for (const [timers, sockets, incoming = 0] of counts) {
    accepted = incoming;
    leftovers.look([...Array<string>(timers).fill("Timeout"), ...Array<string>(sockets).fill("TCPSocketWrap")]);
  }
  return lines;
}

test("five times more and never less is said, once", () => {
  const rising = [0, 1, 1, 2, 3, 3, 4, 5, 6, 7];
  const [line = "", ...more] = said(rising.map((timers) => [timers, 0]));
  assert.match(line, /^reloads leave a timer open each: .* Open it in a lifespan/);
  assert.deepEqual(more, []);
});

test("what comes and goes, a connection of somebody else's, and what is there from the beginning, is nothing", () => {
  assert.deepEqual(said([3, 4, 5, 6, 7, 6, 7, 8, 9, 10].map((timers) => [timers, 0])), []);
  assert.deepEqual(said([0, 1, 2, 3, 4, 5, 6, 7].map((sockets) => [9, 3 + sockets, sockets])), []);
  assert.match(said([0, 1, 2, 3, 4, 5].map((sockets) => [9, 2 * sockets, sockets]))[0] ?? "", /a connection/);
});

test("a timer at the top of a module that is edited again and again is told of", async () => {
  const part = (version: number): string => `setInterval(() => {}, 60_000);\nexport const part = ${version};`;
  await using dev = await DevProgram.start({
    "app.ts": `
import { createApp } from "livespan";
import { part } from "./part.ts";
export default createApp().get("/", () => part);`,
    "part.ts": part(0),
  });
  for (let version = 1; version <= 7; version++) await dev.save({ "part.ts": part(version) });
  await dev.program.until("reloads leave a timer open each");
  assert.equal(await dev.text(), "7");
  assert.deepEqual(await dev.stop(), { code: 75, signal: null });
  assert.match(dev.program.err, /did not end by itself; still open: .*Timeout/);
});
