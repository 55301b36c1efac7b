import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../../../src/host/dev/faults/source-error.ts";
import { viteLog } from "../../../src/host/dev/pages/vite-log.ts";

test("that the system watches no more files is said once, with what to do", (context) => {
  const log = context.mock.fn<(level: string, message: string) => void>();
  const logger = viteLog(log, "/app");
  for (const file of ["a", "b"]) {
    logger.error(`file watcher error: ENOSPC: System limit for number of file watchers reached, watch '/data/${file}'`);
  }
  assert.equal(log.mock.callCount(), 1);
  const [level, said] = log.mock.calls[0]!.arguments;
  assert.equal(level, "warn");
  assert.match(said, /max_user_watches.*server\.watch\.ignored/);
});

test("what is done in browsers, and what cannot be read for them, is said in our words", (context) => {
  const log = context.mock.fn<(level: string, message: string, fields?: { readonly error?: unknown }) => void>();
  const logger = viteLog(log, "/app");
  logger.info("(client) hmr update /a.page.tsx, /b.css, /b.css?direct");
  logger.info("(client) page reload a.page.tsx");
  const errors = [
    { message: "[PARSE_ERROR] Expected `}`\n 2 | {", loc: { file: "/app/a.page.tsx", line: 2, column: 3 } },
  ];
  const error = Object.assign(new Error("Transform failed with 1 error:\n[PARSE_ERROR] Expected `}`"), { errors });
  logger.error(`Internal server error: ${error.message}`, { error });
  const calls = log.mock.calls.map(({ arguments: [level, message] }) => `${level} ${message}`);
  assert.deepEqual(calls, [
    "info a.page.tsx, b.css: replaced in open pages",
    "info a.page.tsx: open pages load again",
    "error A page could not be loaded: Expected `}`",
  ]);
  const [, , { error: refusal } = {}] = log.mock.calls[2]!.arguments;
  assert.ok(refusal instanceof SourceError);
  assert.deepEqual(refusal.place, { file: "/app/a.page.tsx", line: 2, column: 4 });
});
