import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { engineConformance } from "livespan/testing";
import { embeddedEngine } from "livespan/work";

const folder = await mkdtemp(join(tmpdir(), "livespan-engine-"));
after(() => rm(folder, { recursive: true }));

// Cases have files of their own, and most of their time is waiting.
describe("the embedded engine", { concurrency: 8 }, () => {
  engineConformance(test, ({ space, lease }) => embeddedEngine({ file: join(folder, `${space}.db`), lease }));
});
