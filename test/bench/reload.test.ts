import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import { freePort } from "../../tools/services/server.ts";
import { headlined } from "../../bench/reload/page.ts";
import { lastOverFirst } from "../../bench/reload/hundred.ts";
import { renumbered } from "../../bench/reload/side.ts";
import { Visitor } from "../../bench/reload/visitor.ts";

/** A server that answers its n-th request by the n-th of these, and those that follow by the last. */
async function serving(...answers: readonly RequestListener[]) {
  let count = 0;
  const server = createServer((request, response) => {
    answers[Math.min(count++, answers.length - 1)]!(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // That of a server on a port.
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port, [Symbol.asyncDispose]: close };
}

const broken: RequestListener = (_, response) => {
  response.statusCode = 503;
  response.end("{}");
};
const good: RequestListener = (_, response) => response.end('{"edit":3}');

suite("a visitor of a benchmark", () => {
  for (const [what, bad, reason] of [
    ["an error of the server", broken, "status 503"],
    ["a connection that is cut", (request) => request.socket.destroy(), "cut"],
  ] as const satisfies readonly (readonly [string, RequestListener, string])[]) {
    test(`${what} counts as a failure, and is asked again`, async () => {
      await using server = await serving(good, bad, good);
      const reasons: string[] = [];
      const visitor = new Visitor(server.port, { backOff: 1, failed: (reason) => reasons.push(reason) });
      await visitor.ask("/");
      assert.deepEqual(reasons, []);
      assert.deepEqual((await visitor.ask("/")).answer, { edit: 3 });
      assert.deepEqual(reasons, [reason]);
      visitor.leave();
    });
  }

  test("silence counts as a failure, and is asked again", async () => {
    await using server = await serving(() => {}, good);
    const reasons = new Set<string>();
    const visitor = new Visitor(server.port, { backOff: 1, patience: 50, failed: (reason) => reasons.add(reason) });
    assert.deepEqual((await visitor.ask("/")).answer, { edit: 3 });
    assert.deepEqual([...reasons], ["timed out"]);
    visitor.leave();
  });

  test("a closed door counts as a failure each time, until the visitor leaves", async () => {
    const port = await freePort();
    const reasons: string[] = [];
    const twice = Promise.withResolvers<void>();
    const failed = (reason: string): void => void (reasons.push(reason) === 2 && twice.resolve());
    const visitor = new Visitor(port, { backOff: 1, failed });
    const asked = visitor.ask("/");
    await twice.promise;
    visitor.leave();
    await assert.rejects(asked, /not answered before the visitor left/);
    assert.equal(reasons[0], "ECONNREFUSED");
  });

  test("the wait is that from the first time of asking", async () => {
    await using server = await serving(broken, good);
    const visitor = new Visitor(server.port, { backOff: 30 });
    assert.ok((await visitor.ask("/")).waited >= 29);
    visitor.leave();
  });
});

test("the last reloads are compared with the first, by their medians", () => {
  assert.equal(lastOverFirst([10, 12, 900, 50, 50, 30, 24, 5], 3), 2);
  assert.throws(() => lastOverFirst([1, 2, 3], 2), /3 values have no 2 first and 2 last ones/);
});

test("an edit that changes nothing is refused: nobody would ever see it", () => {
  assert.equal(renumbered("const edit = 0;\n", 12), "const edit = 12;\n");
  assert.throws(() => renumbered("const edit = 12;\n", 12), /No edit/);
  assert.throws(() => renumbered("", 1), /No edit/);
  assert.equal(headlined('<h1 id="desk-title">Before</h1>', 2), '<h1 id="desk-title">Edit 2</h1>');
  assert.throws(() => headlined("<h1>Before</h1>", 2), /No edit/);
});
