import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, guard } from "../../tools/services/server.ts";
import type { DevSide } from "./side.ts";

const pathOf = (inBench: string): string => fileURLToPath(new URL(`../${inBench}`, import.meta.url));

/** A folder in which an app is worked on, and the development server that watches it. */
export class Workplace {
  readonly port: number;
  readonly folder: string;
  readonly side: DevSide;
  private readonly child: ChildProcess;
  private readonly guard: ChildProcess;
  private output = "";

  private constructor(side: DevSide, folder: string, port: number) {
    this.side = side;
    this.folder = folder;
    this.port = port;
    const [program, ...args] = side.command(String(port));
    const env = { ...process.env, ...side.env?.(String(port)) };
    // A group of its own: who reloads by starting anew has processes that it leaves behind when it is killed.
    this.child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.guard = guard('kill -s KILL -- "-$0"; rm -rf "$1"', String(this.child.pid), folder);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
  }

  /** Sets one up, and leaves nothing of it behind. */
  static async set<T>(side: DevSide, use: (workplace: Workplace) => Promise<T>): Promise<T> {
    const folder = furnished(side);
    const port = await freePort();
    const workplace = new Workplace(side, folder, port);
    try {
      return await use(workplace);
    } catch (cause) {
      throw new Error(`${side.name} cannot be measured. It said last: ${workplace.said.slice(-2_000)}`, { cause });
    } finally {
      await workplace.end();
    }
  }

  /** Everything that the server has printed. */
  get said(): string {
    return this.output;
  }

  /** Writes a file as an editor does that writes in place. */
  write(file: string, change: (text: string) => string): void {
    const path = join(this.folder, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  private async end(): Promise<void> {
    const closed = once(this.child, "close");
    const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
    killGroup(this.child.pid!);
    if (!isOver) await closed;
    this.guard.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function furnished({ sources, modules }: DevSide): string {
  const folder = mkdtempSync(join(tmpdir(), "livespan-bench-reload-"));
  for (const source of sources) {
    const isFile = extname(source) !== "";
    cpSync(pathOf(source), isFile ? join(folder, basename(source)) : folder, { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  symlinkSync(pathOf(`../${modules ?? "node_modules"}`), join(folder, "node_modules"));
  return folder;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // All of it has ended already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
