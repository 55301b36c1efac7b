import { Agent, get, type IncomingMessage } from "node:http";
import { once } from "node:events";

/** Requests one after the other, on a connection that is kept and on one each, until it is stopped. */
export class Load implements AsyncDisposable {
  /** Of each of the two, in order. */
  readonly answers: readonly string[][] = [[], []];
  readonly failures: unknown[] = [];
  private readonly agents = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: false })];
  private readonly running: Promise<unknown>;
  private isOver = false;

  constructor(url: string) {
    this.running = Promise.all(this.agents.map((agent, index) => this.run(url, agent, this.answers[index]!)));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
    for (const agent of this.agents) agent.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async run(url: string, agent: Agent, answers: string[]): Promise<void> {
    while (!this.isOver) {
      const answer = await request(url, agent).catch((error: unknown) => void this.failures.push(error));
      if (answer !== undefined) answers.push(answer);
    }
  }
}

async function request(url: string, agent: Agent): Promise<string> {
  const asked = get(url, { agent });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const said = (await response.toArray()).join("");
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${said}`);
  return said;
}
