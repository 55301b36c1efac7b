import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Ask, Told } from "./journal.ts";

const program = fileURLToPath(new URL("../programs/store-client.ts", import.meta.url));

/** A process of its own that has a Redis store open. */
export class ClientProcess implements AsyncDisposable {
  /** What it was told is kept. */
  readonly acknowledged: string[] = [];
  private readonly child: ChildProcess;
  private readonly told: Told[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    child.on("message", (told: Told) => this.note(told));
    child.on("exit", () => this.note({ kind: "failed", id: "", code: "exit" }));
  }

  get exited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  ask(ask: Ask): void {
    this.child.send(ask);
  }

  release(): void {
    this.child.send("release");
  }

  /** Asks, and settles with how it went; "exit" when the process has ended before. */
  async run(ask: Ask): Promise<string> {
    this.ask(ask);
    const { kind, code = kind } = await this.heard((told) => told.id === ask.id && told.kind !== "inside");
    return code;
  }

  /** The first such message, or that the process has ended. */
  async heard(matches: (told: Told) => boolean): Promise<Told> {
    const { promise, resolve } = Promise.withResolvers<Told>();
    const look = (): void => {
      const found = this.told.find((told) => matches(told) || told.code === "exit");
      if (found !== undefined) resolve(found);
    };
    this.listeners.add(look);
    look();
    const found = await promise;
    this.listeners.delete(look);
    return found;
  }

  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.exited) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }

  private note(told: Told): void {
    this.told.push(told);
    if (told.kind === "kept") this.acknowledged.push(told.id);
    for (const look of this.listeners) look();
  }
}

/** Starts one and waits until its store is open. */
export async function startClient(url: string, lease: number): Promise<ClientProcess> {
  const client = new ClientProcess(fork(program, [url, String(lease)], { stdio: "inherit", execArgv: [] }));
  await client.heard(({ kind }) => kind === "ready");
  return client;
}
