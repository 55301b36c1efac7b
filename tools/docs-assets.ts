import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const files = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "LICENSE", "NOTICE"];

/** Copies the files of the documentation page, with their licence, to where the built package serves them from. */
export function copyDocsAssets(to: string = join(import.meta.dirname, "../dist/http/docs-assets")): void {
  const manifest = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  mkdirSync(to, { recursive: true });
  for (const file of files) copyFileSync(join(dirname(manifest), file), join(to, file));
  writeFileSync(join(to, "version"), `${version}\n`);
}

if (import.meta.main) copyDocsAssets();
