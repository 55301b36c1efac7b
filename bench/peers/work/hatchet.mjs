// Hatchet's own SDK, as its documentation has it. Takes a namespace. Where the engine is, its environment says.
import { HatchetClient } from "@hatchet-dev/typescript-sdk";
import { serving } from "../../programs/work/serving.ts";

// It writes lines to stdout, whatever its level, and that is where answers go.
const say = (line) => void process.stderr.write(`${line}\n`);
const logger = () => ({ debug() {}, info() {}, green() {}, util() {}, warn: say, error: say });
const hatchet = HatchetClient.init({ namespace: process.argv[2], logger });
let current;
const job = hatchet.task({ name: "job", fn: (asked) => current(asked) });
let asked = 0;
let ended = 0;

serving({
  enqueue: (all) => {
    asked += all.length;
    return job.runNoWait(all);
  },
  run: (input) => {
    asked++;
    return job.run(input);
  },
  // What has settled only its API knows, some time later: so bodies are counted.
  isEmpty: async () => ended >= asked,
  work: async (slots, body) => {
    current = async (input) => {
      const made = await body(input);
      ended++;
      return made;
    };
    const worker = await hatchet.worker("bench", { workflows: [job], slots, handleKill: false });
    void worker.start();
    await worker.waitUntilReady();
    return () => worker.stop();
  },
});
