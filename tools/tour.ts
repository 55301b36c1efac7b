// `npm start`: builds what changed and the tour's pages, then is the `livespan start` of the tour, in this very process, so
// that a signal has no further relay to pass.
import { build } from "./build.ts";
import { command, root } from "./command.ts";

const app = "examples/tour/app.ts";

/** The pages of the tour, as production serves them. */
async function buildPages() {
  process.stderr.write("livespan: building the tour's pages\n");
  const { code, output } = await command([process.execPath, "dist/cli/main.js", "build", app]);
  return { code, output: code === 0 ? "" : output };
}

let { code, output } = await build();
process.stderr.write(output);
if (code === 0) {
  ({ code, output } = await buildPages());
  process.stderr.write(output);
}
if (code === 0) {
  process.chdir(root);
  process.argv.splice(2, Infinity, "start", app, "--tree", ...process.argv.slice(2));
  await import(new URL("../dist/cli/main.js", import.meta.url).href);
} else {
  process.exitCode = code;
}
