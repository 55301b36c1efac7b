import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { Connection } from "../harness/connection.ts";
import type { Load } from "../harness/load.ts";

/** Each connection asks again as soon as it has its answer, until all together have asked often enough. */
async function drive({ port, request, expect, connections, requests }: Load): Promise<void> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  let left = requests;
  const ask = async (connection: Connection): Promise<void> => {
    while (left-- > 0) {
      const { status, body } = await connection.request(request);
      if (status !== 200) throw new Error(`Expected 200, got ${status}: ${body}`);
      if (left === 0 && !isDeepStrictEqual(JSON.parse(body), expect)) throw new Error(`Wrong answer: ${body}`);
    }
  };
  await Promise.all(open.map(ask));
  open.forEach((connection) => connection.close());
}

for await (const line of createInterface({ input: process.stdin })) {
  const started = performance.now();
  await drive(JSON.parse(line));
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1_000 }));
}
