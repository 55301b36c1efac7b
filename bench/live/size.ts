import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import type { Benchmark } from "../harness/benchmark.ts";
import { against, ratio } from "../harness/row.ts";

const peerFile = (file: string): string => fileURLToPath(new URL(`../peers/live/${file}`, import.meta.url));

/** Kilobytes, minified and gzipped, of what a page loads first; what it loads when it is needed is not among them. */
async function size(input: string): Promise<number> {
  const build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  const first = output.filter((each) => each.type === "chunk" && !each.isDynamicEntry);
  return gzipSync(first.map((each) => (each.type === "chunk" ? each.code : "")).join("\n")).length / 1_000;
}

export const clientSize: Benchmark = {
  name: "live-client",
  about: "the client that a page loads, minified and gzipped",
  rounds: 1,
  needs: ["npm"],
  async run({ peers }) {
    const ours = [await size(fileURLToPath(import.meta.resolve("livespan/client")))];
    const name = "live-client";
    const told = { ours: `${ours[0]!.toFixed(2)} KB`, peer: "", unit: " KB", goal: { most: 6.144 } };
    const rows = [against(name, ours, told)];
    if (!peers.npm) return rows;
    for (const [peerName, file] of [
      ["socket.io", "page-socketio.mjs"] as const,
      ["colyseus", "page-colyseus.mjs"] as const,
    ]) {
      rows.push(ratio({ name, ours, peer: [await size(peerFile(file))], peerName, unit: "KB" }));
    }
    return rows;
  },
};
