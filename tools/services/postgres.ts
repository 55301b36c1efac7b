import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { isProgram } from "./program.ts";
import { freePort, guard, readiness } from "./server.ts";

export interface PostgresOptions {
  /** Of its user. Nobody is asked for one unless said. */
  readonly password?: string;
  /** Settings other than its defaults, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Who runs the programs: PostgreSQL refuses to run as root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const run = promisify(execFile);

/** A server of its own, on loopback and in a temporary folder, which ends with the process that started it. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  private readonly program: string;
  private readonly folder: string;
  private readonly account: Account;
  private readonly settings: Readonly<Record<string, string>>;
  private child: ChildProcess | undefined;
  private guard: ChildProcess | undefined;

  constructor(program: string, port: number, folder: string, account: Account, options: PostgresOptions) {
    this.program = program;
    this.port = port;
    this.folder = folder;
    this.account = account;
    this.settings = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      max_connections: "200",
      ...options.settings,
    };
    const password = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}`;
    this.url = `postgres://postgres${password}@127.0.0.1:${port}/postgres`;
  }

  /** Settles when it takes connections. What was committed before is there again. */
  async start(): Promise<void> {
    const settings = Object.entries(this.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(this.program, ["-D", join(this.folder, "data"), ...settings], {
      ...this.account,
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child = child;
    this.guard = guard(ending, String(child.pid), this.folder);
    await readiness("PostgreSQL", child, child.stderr, /ready to accept connections/);
  }

  /** Ends every connection and session in the middle of what it does; what was committed is kept. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    await signal(child, "SIGCONT");
    // Killed by SIGKILL it would leave its sessions behind, which keep the next server from starting.
    child.kill("SIGQUIT");
    await once(child, "exit");
    this.guard?.kill("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Answers nothing, and keeps its connections. */
  async pause(): Promise<void> {
    if (this.child !== undefined) await signal(this.child, "SIGSTOP");
  }

  async resume(): Promise<void> {
    if (this.child !== undefined) await signal(this.child, "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Its sessions are processes of their own, some of which may be paused: it ends those itself, after five seconds. */
const ending = 'kill -CONT "$0"; kill -QUIT "$0"; while kill -0 "$0"; do sleep 0.1; done; rm -rf "$1"';

/** Starts a server on a free port. Rejects when the machine has none. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = await findPostgres();
  if (programs === undefined) throw new Error("there is no initdb with a postgres beside it: install PostgreSQL");
  const folder = await mkdtemp(join(tmpdir(), "livespan-postgres-"));
  const account = await accountOf();
  if (account.uid !== undefined) await chown(folder, account.uid, account.gid ?? account.uid);
  const server = new PostgresServer(join(programs, "postgres"), await freePort(), folder, account, options);
  try {
    await initialise(join(programs, "initdb"), folder, account, options);
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** The folder of its programs: Debian keeps them off the PATH, several versions beside each other. */
export async function findPostgres(): Promise<string | undefined> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const debian = (await readdir("/usr/lib/postgresql").catch((): string[] => []))
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => `/usr/lib/postgresql/${version}/bin`);
  for (const folder of [...path, ...debian]) {
    const needed = ["initdb", "postgres"].map((name) => isProgram(join(folder, name)));
    if ((await Promise.all(needed)).every(Boolean)) return folder;
  }
  return undefined;
}

async function initialise(initdb: string, folder: string, account: Account, { password }: PostgresOptions) {
  const file = join(folder, "password");
  // Without a password the file is read by nobody.
  await writeFile(file, password ?? "-");
  const auth = password === undefined ? ["--auth=trust"] : ["--auth=scram-sha-256", `--pwfile=${file}`];
  const rest = ["--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
  await run(initdb, ["-D", join(folder, "data"), ...auth, ...rest], { ...account, cwd: folder });
}

async function accountOf(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const found = ["postgres", "nobody"].map((name) => accounts.find(([known]) => known === name)).find(Boolean);
  if (found === undefined) throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody");
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** To the server and all its sessions, which are in process groups of their own. */
async function signal({ pid }: ChildProcess, name: "SIGSTOP" | "SIGCONT"): Promise<void> {
  if (pid === undefined) return;
  if (name === "SIGSTOP") process.kill(pid, name);
  for (const child of await childrenOf(pid)) kill(child, name);
  if (name === "SIGCONT") process.kill(pid, name);
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // A session that has just ended.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** From Linux's own list, since a slim image has no `ps`; else from that. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => undefined);
  if (listed !== undefined) return listed.split(" ").filter(Boolean).map(Number);
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}
