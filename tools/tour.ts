// `npm start`: builds what changed, then is the `livespan start` of the tour, in this very process, so that a signal
// has no further relay to pass.
import { build } from "./build.ts";
import { root } from "./command.ts";

const { code, output } = await build();
process.stderr.write(output);
if (code === 0) {
  process.chdir(root);
  process.argv.splice(2, Infinity, "start", "examples/tour/app.ts", "--tree", ...process.argv.slice(2));
  await import(new URL("../dist/cli/main.js", import.meta.url).href);
} else {
  process.exitCode = code;
}
