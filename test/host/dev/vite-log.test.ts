import assert from "node:assert/strict";
import { test } from "node:test";
import { viteLog } from "../../../src/host/dev/vite-log.ts";

test("that the system watches no more files is said once, with what to do", (context) => {
  const log = context.mock.fn<(level: string, message: string) => void>();
  const logger = viteLog(log);
  for (const file of ["a", "b"]) {
    logger.error(`file watcher error: ENOSPC: System limit for number of file watchers reached, watch '/data/${file}'`);
  }
  assert.equal(log.mock.callCount(), 1);
  const [level, said] = log.mock.calls[0]!.arguments;
  assert.equal(level, "warn");
  assert.match(said, /max_user_watches.*server\.watch\.ignored/);
});
