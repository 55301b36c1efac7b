// What is long: `npm run soak` runs whole what `npm test` runs as a seeded sample. Paths choose among the files.
import { build } from "./build.ts";
import { findTests, runTests } from "./gate/suite.ts";
import { serviceSteps } from "./services.ts";
import { runSteps } from "./gate/step.ts";
import { Tally } from "./gate/tally.ts";

process.env.LIVESPAN_SOAK = "full";
const files = await findTests(["test/**/*.soak.ts"], process.argv.slice(2));
const { code, output } = await build();
const tally = new Tally();
if (code !== 0) {
  tally.say(output);
} else if (files.length === 0) {
  tally.say("no soak file matches");
} else {
  await using stack = new AsyncDisposableStack();
  const { signal } = new AbortController();
  await runSteps(await serviceSteps(files, tally, stack), tally, signal);
  await runTests(files, tally, signal);
  tally.say(tally.toString());
}
process.exitCode = code === 0 && files.length > 0 && !tally.failed ? 0 : 1;
