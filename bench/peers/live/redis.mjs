// By hand: a lock in Redis, the state as text, and a message for the other processes.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { answering } from "../../programs/live/answering.ts";
import { boardOf } from "../../programs/live/boards.ts";

const [name, url] = process.argv.slice(2);
const board = boardOf(name);
const client = await createClient({ url }).connect();
const unlock = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end`;

async function exclusive(token, change) {
  const [lock, key, mine] = [`lock:${token}`, `state:${token}`, randomUUID()];
  while ((await client.set(lock, mine, { condition: "NX", expiration: { type: "PX", value: 10_000 } })) === null) {
    await sleep(1);
  }
  const text = await client.get(key);
  const state = text === null ? board.initial() : JSON.parse(text);
  await change(state);
  await Promise.all([
    client.set(key, JSON.stringify(state)),
    client.publish("changed", token),
    client.eval(unlock, { keys: [lock], arguments: [mine] }),
  ]);
}

answering(
  { port: 0 },
  {
    tokens: ({ tabs }) => Array.from({ length: tabs }, () => randomUUID()),
    drive: ({ tokens, count }) =>
      Promise.all(
        tokens.map(async (token) => {
          for (let made = 0; made < count; made++) await exclusive(token, board.step);
        }),
      ),
    states: ({ tokens }) => Promise.all(tokens.map(async (token) => JSON.parse(await client.get(`state:${token}`)))),
  },
);
