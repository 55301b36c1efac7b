import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { rolldown, type OutputChunk } from "rolldown";

/** Bytes. */
const limit = 6 * 1024;

/** What a page loads of an entry, as a bundler makes it; what stays outside is named. */
async function bundled(entry: string, external: readonly string[] = []): Promise<OutputChunk[]> {
  const input = fileURLToPath(import.meta.resolve(entry));
  const build = await rolldown({ input, platform: "browser", external: [...external] });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  return output.filter((each) => each.type === "chunk");
}

const isLoadedFirst = (chunk: OutputChunk): boolean => !chunk.isDynamicEntry;
const codeOf = (chunks: readonly OutputChunk[]): string => chunks.map(({ code }) => code).join("\n");

describe("what a page loads", () => {
  test("is at most 6 KB, gzipped, for the client; devalue comes when it is needed", async () => {
    const chunks = await bundled("livespan/client");
    const first = chunks.filter(isLoadedFirst);
    const size = gzipSync(codeOf(first)).length;
    assert.ok(size <= limit, `livespan/client has ${size} bytes, expected at most ${limit}`);
    assert.ok(size > limit / 4, `livespan/client has ${size} bytes: is that all?`);
    assert.deepEqual(
      chunks
        .filter((chunk) => !isLoadedFirst(chunk))
        .flatMap(({ moduleIds }) => moduleIds.filter((id) => !id.includes("devalue"))),
      [],
    );
    assert.ok(first.every(({ moduleIds }) => moduleIds.every((id) => !id.includes("devalue"))));
  });

  for (const entry of ["livespan/client", "livespan/react"]) {
    test(`holds nothing of the server: ${entry}`, async () => {
      const chunks = await bundled(entry, ["react", "react-dom/client"]);
      const code = codeOf(chunks.filter(isLoadedFirst));
      // The catalogue's words, the packages and the modules of the server.
      const words = [
        "node:",
        "mutative",
        "livespan/live",
        "remedy",
        "defineState",
        "createRequire",
        "process.",
        "memoryStore",
      ];
      assert.deepEqual(
        words.filter((word) => code.includes(word)),
        [],
      );
      const modules = chunks
        .flatMap(({ moduleIds }) => moduleIds)
        .filter((id) => !/dist\/(chunks\/page-|live\/(client|react)\/)|devalue/.test(id));
      assert.deepEqual(modules, []);
    });
  }

  test("of the published files imports no module of Node", async () => {
    for (const entry of ["livespan/client", "livespan/react"]) {
      const text = await readFile(new URL(import.meta.resolve(entry)), "utf8");
      assert.doesNotMatch(text, /from "(node:|(?!\.|react)[a-z])/);
    }
  });
});
