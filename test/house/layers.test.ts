import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { violations } from "./floors.ts";
import { readSources } from "./syntax.ts";

test("imports only go down, wings never meet, and the kernel imports nothing", async () => {
  const sources = await readSources(["src/**/*.{ts,tsx}"]);
  for (const floor of ["kernel", "http", "app"]) {
    assert.ok(
      sources.some(({ path }) => path.startsWith(`src/${floor}/`)),
      `no source of ${floor} was read`,
    );
  }
  assert.deepEqual(violations(sources), []);
});

describe("an arrow that is not allowed is reported, however it is written", () => {
  const bad: [path: string, text: string, fault: string][] = [
    ["src/http/a.ts", 'import { app } from "../app/app.ts";', "http (floor 1) imports upward from app (floor 2)"],
    ["src/http/a.ts", 'import "../cli/main.ts";', "imports upward from cli"],
    ["src/http/a.ts", 'import type { App } from "../app/app.ts";', "imports upward from app"],
    ["src/http/a.ts", 'import { type App } from "../app/app.ts";', "imports upward from app"],
    ["src/http/a.ts", 'export { app } from "../app/app.ts";', "imports upward from app"],
    ["src/http/a.ts", 'export * from "../app/app.ts";', "imports upward from app"],
    ["src/http/a.ts", 'export type { App } from "../app/app.ts";', "imports upward from app"],
    ["src/http/a.ts", 'const app = await import("../app/app.ts");', "imports upward from app"],
    ["src/http/a.ts", "const app = await import(name);", "imports a name that is computed"],
    ["src/http/a.ts", 'let app: import("../app/app.ts").App;', "imports upward from app"],
    ["src/http/a.ts", 'let app: typeof import("../app/app.ts");', "imports upward from app"],
    ["src/http/a.ts", 'import app = require("../app/app.ts");', "imports upward from app"],
    ["src/http/a.ts", 'const app = require("../app/app.ts");', "imports upward from app"],
    ["src/http/a.ts", "const app = require(name);", "imports a name that is computed"],
    ["src/http/a.ts", 'require(fileURLToPath(import.meta.resolve("../app/app.ts")));', "imports upward from app"],
    ["src/http/a.ts", 'import.meta.resolve("../app/app.ts");', "imports upward from app"],
    ["src/live/a.tsx", 'import { app } from "../app/app.ts"; const a = <b />;', "imports upward from app"],
    ["src/http/servers/a.ts", 'import { run } from "../../work/run.ts";', "imports sideways from work (floor 1)"],
    ["src/live/a.ts", 'import type { Routes } from "../http/routes.ts";', "imports sideways from http"],
    ["src/testing/a.ts", 'import { serve } from "../host/serve.ts";', "imports sideways from host (floor 3)"],
    ["src/app/a.ts", 'import "livespan/http";', "the package's own published name"],
    ["src/app/a.ts", 'import "../../tools/build.ts";', "imports tools/build.ts, which is outside src/"],
    ["src/app/a.ts", 'import "../utils/a.ts";', "imports from utils, which stands on no floor"],
    ["src/utils/a.ts", 'import "../kernel/clock.ts";', "stands outside the floors"],
    ["src/kernel/a.ts", 'import { EventEmitter } from "node:events";', "imports node:events into src/kernel/"],
    ["src/kernel/a.ts", 'import type { StandardSchemaV1 } from "@standard-schema/spec";', "into src/kernel/"],
    ["src/kernel/a.ts", 'import "../http/body.ts";', "imports src/http/body.ts into src/kernel/"],
    ["src/live/wire/a.ts", 'import type { Store } from "../server/store.ts";', "into src/live/wire/"],
    ["src/kernel/a.ts", "const now = () => Date.now();", "the kernel reaches for Date"],
    ["src/kernel/a.ts", "const now = performance.now();", "the kernel reaches for performance"],
    ["src/kernel/a.ts", "setTimeout(() => {}, 1);", "the kernel reaches for setTimeout"],
    ["src/kernel/a.ts", "globalThis.setImmediate(f);", "the kernel reaches for globalThis"],
    ["src/kernel/a.ts", "const { env } = process;", "the kernel reaches for process"],
    ["src/kernel/a.ts", "const world = { setInterval };", "the kernel reaches for setInterval"],
    ["src/kernel/a.ts", "\n\nclocks[Date];", "src/kernel/a.ts:3: the kernel reaches for Date"],
  ];
  for (const [path, text, fault] of bad) {
    test(`${path}: ${text.trim()}`, () => {
      const found = violations([{ path, text }]);
      assert.ok(
        found.some((line) => line.includes(fault)),
        `expected "${fault}", got ${JSON.stringify(found)}`,
      );
    });
  }
});

test("what is allowed is not reported", () => {
  const good: [path: string, text: string][] = [
    ["src/http/servers/a.ts", 'import { x } from "../body.ts"; import { y } from "../../kernel/clock.ts";'],
    ["src/cli/a.ts", 'import { serve } from "../host/index.ts"; const a = await import("../app/index.ts");'],
    ["src/cli/a.ts", 'await import(entry); createRequire(import.meta.url).resolve("../../package.json");'],
    [
      "src/http/a.ts",
      'import { createServer } from "node:http"; import { Hono } from "hono"; setTimeout(f, Date.now());',
    ],
    [
      "src/kernel/a.ts",
      "clock.setTimeout(f); const port = { Date: 1 }; interface P { process(): void } queueMicrotask(f);",
    ],
    ["src/kernel/a.ts", "new AbortController().signal.addEventListener('abort', () => Promise.resolve());"],
  ];
  assert.deepEqual(violations(good.map(([path, text]) => ({ path, text }))), []);
});
