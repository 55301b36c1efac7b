import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "../programs/ledger.ts";
import { inFolder, Program } from "../programs/program.ts";
import { randomFrom } from "../kernel/random-graph.ts";

/** What became of the lines that a program was sent. */
interface Sent {
  readonly acknowledged: string[];
  /** Answers that began and did not end. */
  readonly cut: string[];
}

function partsOf(random: () => number): Ledger["parts"] {
  const ms = (): number => (random() < 0.5 ? 0 : Math.floor(random() * 60));
  const names = Array.from({ length: Math.floor(random() * 6) }, (_, i) => `part${i}`);
  const part = (at: number) => ({ needs: names.slice(0, at).filter(() => random() < 0.4), upMs: ms(), downMs: ms() });
  return Object.fromEntries(names.map((name, at) => [name, part(at)]));
}

/** Sends one line; settles with how that went. */
function send(url: string, line: string, agent: Agent): Promise<"acknowledged" | "cut" | "refused"> {
  return new Promise((resolve) => {
    const sending = request(`${url}/lines/${line}`, { method: "POST", agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200 ? "acknowledged" : "refused"));
      response.on("error", () => resolve("cut"));
    });
    sending.on("error", () => resolve("refused"));
    sending.end();
  });
}

/** One client that sends line after line on one connection, until the program refuses it. */
async function keepSending(url: string, client: number, sent: Sent): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; ; n++) {
    const line = String(client * 1_000_000 + n);
    const outcome = await send(url, line, agent);
    if (outcome === "refused") break;
    sent[outcome].push(line);
  }
  agent.destroy();
}

/**
 * Starts a random program, has clients send to it, stops it by a signal at a random moment of its life, and holds it to
 * this: it ends with 0, what came up went down after all that needed it, and it has written down exactly what it acknowledged.
 */
export async function killRandomly(seed: number): Promise<void> {
  const random = randomFrom(seed);
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-kills-"));
  const file = join(folder.path, "ledger");
  const parts = partsOf(random);
  const env = { LEDGER: JSON.stringify({ file, parts } satisfies Ledger) };
  const signal = random() < 0.7 ? "SIGTERM" : "SIGINT";
  // From a moment after the spawn to one when it has long been loaded and busy.
  const after = random() * 600;
  await using program = Program.cli(["start", inFolder("ledger.ts"), "--port", "0"], { env });
  const sent: Sent = { acknowledged: [], cut: [] };
  const clients = program.url().then(
    (url) => Promise.all([1, 2, 3, 4].map((client) => keepSending(url, client, sent))),
    () => [],
  );
  await sleep(after);
  const end = await program.stop(signal);
  await clients;
  check(program, parts, end, sent, signal);
  const written = program.lines.includes("ledger+") ? await readFile(file, "utf8") : "";
  assert.deepEqual(written.split("\n").filter(Boolean).sort(), sent.acknowledged.sort());
}

function check({ lines, err }: Program, parts: Ledger["parts"], end: object, { cut }: Sent, signal: string): void {
  // Before Node itself has come up there is nobody to hear a signal, and nothing to close.
  if (lines.length === 0 && err === "") assert.ok([0, null].includes((end as { readonly code: number | null }).code));
  else assert.deepEqual(end, { code: 0, signal: null }, `${signal}\n${err}`);
  assert.deepEqual(cut, []);
  const at = (line: string): number => lines.indexOf(line);
  for (const name of [...Object.keys(parts), "ledger", "watcher"]) {
    const [up, down] = [`${name}+`, `${name}-`].map((line) => lines.filter((each) => each === line).length);
    assert.ok(up === down && down! <= 1, `${name}: up ${up} times, down ${down} times`);
    const needs = name === "ledger" ? Object.keys(parts) : name === "watcher" ? ["ledger"] : parts[name]!.needs;
    if (up === 0) continue;
    for (const need of needs) assert.ok(at(`${need}-`) > at(`${name}-`), `${need} went down before ${name}`);
  }
}
