import { type Client, RunError } from "livespan/work";
import { sendMail, summarise } from "./work.ts";

/** Indexes a document, and mails about it. */
export async function index(client: Client, path: string, to: string): Promise<string> {
  const run = await client.enqueue(summarise, { path }, { priority: 10, metadata: { for: to } });
  try {
    const summary = await run.result({ signal: AbortSignal.timeout(60_000) });
    return `${summary}; ${await client.run(sendMail, { to })}`; // asks, and waits for the output
  } catch (error) {
    if (!(error instanceof RunError)) throw error; // no longer waited for: the run goes on
    return `${error.task} did not end well: ${error.message}`; // the cause is what it threw
  }
}

export async function plan(client: Client): Promise<void> {
  await client.runMany(summarise, [{ path: "a.md" }, { path: "b.md" }]); // all outputs, in order
  await client.enqueueMany(sendMail, [{ to: "a@b.example" }, { to: "b@b.example" }], { delay: 60_000 }); // all or none
  await client.schedule(sendMail, new Date("2040-01-01T09:00:00Z"), { to: "a@b.example" });
  const to = "a@b.example";
  await client.cron("every morning", sendMail, "0 7 * * *", { to }, { timezone: "Europe/Zurich" });
}

export async function tidy(client: Client): Promise<void> {
  await client.cancel({ tasks: [sendMail.name], states: ["scheduled"] }, "nobody wants mails any more");
  await client.replay({ tasks: [summarise.name], states: ["failed"], since: Date.now() - 3_600_000 });
  await client.removeCron("every morning");
}
