import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, lifespan, lifespanProtocol, type FromApp, type LifespanChannel } from "livespan";

/** A host that sends messages in turn, and writes both sides of the conversation. */
class Host implements LifespanChannel {
  readonly log: string[] = [];
  readonly messages: (string | Error)[];

  constructor(...messages: readonly (string | Error)[]) {
    this.messages = [...messages];
  }

  async receive(): Promise<{ type: "lifespan.startup" }> {
    const next = this.messages.shift();
    if (next instanceof Error) throw next;
    this.log.push(`> ${next}`);
    return { type: next as "lifespan.startup" };
  }

  send(message: FromApp): void {
    this.log.push("message" in message ? `< ${message.type}: ${message.message}` : `< ${message.type}`);
  }
}

const failures = { start: new Error("start broke"), body: new Error("host broke"), stop: new Error("stop broke") };

for (const start of [false, true]) {
  for (const body of [false, true]) {
    for (const stop of [false, true]) {
      const fails = Object.entries({ start, body, stop }).flatMap(([what, does]) => (does ? [what] : []));
      test(`the lifespan protocol when ${fails.length === 0 ? "nothing" : fails.join(" and ")} fails`, async () => {
        const trace: string[] = [];
        const a = lifespan("a", async function* () {
          if (start) throw failures.start;
          trace.push("+");
          yield;
          trace.push("-");
          if (stop) throw failures.stop;
        });
        const host = new Host("lifespan.startup", body ? failures.body : "lifespan.shutdown");
        const error = await lifespanProtocol(createApp({ lifespan: { a } }), host).catch((thrown: unknown) => thrown);
        const started = ["> lifespan.startup", "< lifespan.startup.complete"];
        const stopBroke = /lifespan "a" failed while stopping: stop broke/;
        if (start) {
          assert.match(
            host.log.join("\n"),
            /^> lifespan\.startup\n< lifespan\.startup\.failed: lifespan "a" failed while starting: start broke\.?$/,
          );
          assert.equal((error as Error).cause, failures.start);
          assert.deepEqual(trace, []);
          return;
        }
        assert.deepEqual(trace, ["+", "-"], "what started is always stopped");
        if (body && stop) {
          assert.ok(error instanceof AggregateError && error.errors[0] === failures.body, "both are kept");
          assert.match(String(error.errors[1]), stopBroke);
          assert.deepEqual(host.log, started);
        } else if (body) {
          assert.equal(error, failures.body);
          assert.deepEqual(host.log, started);
        } else if (stop) {
          assert.match(String(error), stopBroke);
          assert.match(host.log[3]!, /^< lifespan\.shutdown\.failed: .*stop broke/);
        } else {
          assert.equal(error, undefined);
          assert.deepEqual(host.log, [...started, "> lifespan.shutdown", "< lifespan.shutdown.complete"]);
        }
      });
    }
  }
}

test("a message that does not fit is refused by name, and what had started is stopped", async () => {
  const early = new Host("lifespan.shutdown");
  const app = createApp();
  await assert.rejects(lifespanProtocol(app, early), {
    code: "PROTOCOL_MESSAGE",
    message: /expected "lifespan\.startup", got "lifespan\.shutdown"/,
  });
  assert.equal(app.state, "idle");
  const twice = new Host("lifespan.startup", "lifespan.startup");
  await assert.rejects(lifespanProtocol(app, twice), {
    code: "PROTOCOL_MESSAGE",
    message: /expected "lifespan\.shutdown"/,
  });
  assert.equal(app.state, "stopped");
});

test("a host that breaks while it is told of a failure does not hide the failure", async () => {
  const a = lifespan("a", async function* () {
    yield await Promise.reject(failures.start);
  });
  const host = new Host("lifespan.startup");
  host.send = () => {
    throw failures.body;
  };
  const error = await lifespanProtocol(createApp({ lifespan: { a } }), host).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AggregateError);
  assert.match(error.errors.map(String).join(), /start broke.*host broke/);
});

test("the same app answers requests while a host drives it", async () => {
  const app = createApp({
    lifespan: function* () {
      yield { answer: 42 };
    },
  }).get("/", ({ lifespan }) => lifespan.answer);
  const shutdown = Promise.withResolvers<void>();
  const complete = Promise.withResolvers<void>();
  const host: LifespanChannel = {
    receive: async () => {
      if (app.state === "idle") return { type: "lifespan.startup" };
      await shutdown.promise;
      return { type: "lifespan.shutdown" };
    },
    send: () => complete.resolve(),
  };
  const driven = lifespanProtocol(app, host);
  await complete.promise;
  assert.equal(await (await app.fetch(new Request("http://test.local/"))).json(), 42);
  shutdown.resolve();
  await driven;
});
