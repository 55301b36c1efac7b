import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, guard } from "../../tools/services/server.ts";
import type { DevSide } from "./side.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** A folder in which an app is worked on, and the development server that watches it. */
export class Workplace {
  readonly port: number;
  readonly side: DevSide;
  private readonly folder: string;
  /** Where the server is run. */
  private readonly cwd: string;
  private readonly child: ChildProcess;
  private readonly guard: ChildProcess;
  private output = "";

  private constructor(side: DevSide, folder: string, port: number) {
    this.side = side;
    this.folder = folder;
    this.cwd = join(folder, side.at);
    this.port = port;
    const [program, ...args] = side.command(String(port));
    const env = { ...process.env, ...side.env?.(String(port)) };
    // A group of its own: who reloads by starting anew has processes that it leaves behind when it is killed.
    this.child = spawn(program, args, { cwd: this.cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
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
    const path = join(this.cwd, file);
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
  for (const source of sources) cpSync(join(project, source), join(folder, source), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  linkPackages(join(project, modules), join(folder, "node_modules"));
  return folder;
}

/** As if they were installed there, this project among them. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  // Without npm's peers there are none, and Python needs none.
  const names = existsSync(from) ? readdirSync(from) : [];
  for (const name of names) symlinkSync(join(from, name), join(to, name));
  symlinkSync(project, join(to, "livespan"));
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // All of it has ended already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
