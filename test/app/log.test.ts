import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** A program that writes to its standard error, as an app without a log of its own does. */
const program = `
import { createApp } from "livespan";
const unreadable = Object.defineProperty(new Error(), "message", { get() { throw new Error("not to be read"); } });
unreadable.cause = new Error("the cause");
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
const app = createApp();
app.get("/unreadable", () => { throw unreadable; });
app.get("/revoked", () => { throw proxy; });
const frames = ["at own (file:///p/node_modules/livespan/dist/a.js:1:1)", "at mine (/p/app.ts:2:3)", "at node:net:1:1"];
const stack = (message, some) => ["Error: " + message, ...some].join("\\n    ");
const bare = Object.assign(new Error("bare"), { stack: stack("bare", [frames[0], frames[2]]) });
app.get("/framed", () => { throw Object.assign(new Error("framed"), { stack: stack("framed", frames), cause: bare }); });
app.get("/caused", () => { throw new Error("outer", { cause: new Error("inner") }); });
for (const path of ["/unreadable", "/revoked", "/caused", "/framed"]) {
  console.log((await app.fetch(new Request("http://log.test" + path))).status);
}
await app.stop();
`;

test(
  "the log takes errors that cannot be read, and prints the stacks of causes as far as they are the program's",
  { timeout: 20_000 },
  async () => {
    const args = ["--enable-source-maps", "--input-type=module", "--eval", program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    assert.equal(stdout, "500\n500\n500\n500\n");
    for (const path of ["/unreadable", "/revoked", "/caused"]) assert.match(stderr, new RegExp(`GET ${path} failed`));
    assert.match(stderr, /Error: outer\n[^]*caused by Error: inner\n/);
    assert.match(stderr, /\nError: framed\n {4}at mine \(\/p\/app\.ts:2:3\)\n {2}caused by Error: bare\n/);
    assert.doesNotMatch(stderr, /the log threw|at node:|\(node:/);
  },
);
