import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";
import { useBrowser, type Visitor, type VisitorOptions } from "./browser.ts";

export const browser = useBrowser();

export const files = {
  "app.ts": `import { createApp } from "livespan";
import { counter } from "./counter.state.ts";
import { unit } from "./unit.ts";
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";
export default createApp({ name: "hot", states: [counter], budgets: { lameDuck: 0 } })
  .use(async (c, next) => {
    await next();
    c.header("content-security-policy", policy);
  })
  .get("/version", () => "first, in " + unit)
  .page("/", { entry: "counter.page.tsx", states: [counter], title: "Counter" });
`,
  "counter.state.ts": `import { defineState } from "livespan/live";
export const counter = defineState("counter", { vars: { n: 0 } }).events(({ on }) => ({
  count: on((s) => {
    s.n += 1;
  }),
}));
`,
  "unit.ts": `export const unit = "steps";\n`,
  "counter.page.tsx": `import { useState } from "react";
import { createLive } from "livespan/react";
import type { counter } from "./counter.state.ts";
import { unit } from "./unit.ts";
import "./counter.css";

const useCounter = createLive<typeof counter>("counter");

export default function Page() {
  const { n } = useCounter();
  const [mine, setMine] = useState(0);
  return (
    <main>
      <h1>Shared {n} {unit}</h1>
      <h2>Mine {mine}</h2>
      <button type="button" onClick={() => void useCounter.events.count()}>Share</button>
      <button type="button" onClick={() => setMine(mine + 1)}>Keep</button>
    </main>
  );
}
`,
  "counter.css": "h1 { color: rgb(1, 2, 3); }\n",
};

type File = keyof typeof files;

interface DevelopmentOptions extends VisitorOptions {
  /** What is installed beside React. */
  readonly packages?: readonly string[];
  /** Packages of which the project has a copy of its own. */
  readonly own?: readonly string[];
}

/** `livespan dev` in a project of its own, with a visitor. */
export class Development implements AsyncDisposable {
  readonly project: Project;
  readonly program: Program;
  readonly visitor: Visitor;
  readonly url: string;

  private constructor(project: Project, program: Program, visitor: Visitor, url: string) {
    this.project = project;
    this.program = program;
    this.visitor = visitor;
    this.url = url;
  }

  static async start(
    more: Readonly<Record<string, string>> = {},
    { packages = ["@vitejs/plugin-react"], own = [], ...options }: DevelopmentOptions = {},
  ): Promise<Development> {
    const project = await Project.make({ ...files, ...more }, packages);
    for (const name of own) await project.own(name);
    const program = Program.cli(["dev", "app.ts", "--port", "0"], { cwd: project.path });
    const visitor = await browser.visitor(options);
    return new Development(project, program, visitor, await program.url());
  }

  /** Opens the page, and settles once it hears of edits as well: what is edited before that it is not told. */
  async open(): Promise<Page> {
    const page = await this.visitor.context.newPage();
    const connected = page.waitForEvent("console", (message) => message.text() === "[vite] connected.");
    await page.goto(this.url);
    await connected;
    return page;
  }

  /** Replaces in a file, each pair once, and saves that. */
  async rewrite(name: File, ...changes: (readonly [from: string, to: string])[]): Promise<void> {
    let text = await readFile(this.project.file(name), "utf8");
    for (const [from, to] of changes) {
      assert.ok(text.includes(from), `${name} has ${from}`);
      text = text.replace(from, to);
    }
    await this.project.write({ [name]: text });
  }

  async edit(name: File, from: string, to: string): Promise<void> {
    await this.rewrite(name, [from, to]);
  }

  /** Edits the server, and settles once the new code serves. */
  async swap(from: string, to: string): Promise<void> {
    const { length } = this.swaps;
    await this.edit("app.ts", from, to);
    await this.program.match(new RegExp(`(?:: served after[^]*){${length + 1}}`));
  }

  get swaps(): readonly string[] {
    return this.program.err.match(/: served after .*/g) ?? [];
  }

  async version(): Promise<string> {
    return (await fetch(`${this.url}/version`)).json() as Promise<string>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _project = this.project;
    await using _program = this.program;
    await this.visitor[Symbol.asyncDispose]();
  }
}

/** Opens the page, and counts in it: once what the server keeps, twice what the component does. */
export async function counted(development: Development): Promise<Page> {
  const page = await development.open();
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByText("Shared 1").waitFor();
  for (let n = 1; n <= 2; n++) {
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByText(`Mine ${n}`).waitFor();
  }
  return page;
}

/** What happens to a page from now on. */
export function watched(page: Page): { navigations: number; readonly said: string[] } {
  const seen = { navigations: 0, said: [] as string[] };
  page.on("framenavigated", () => seen.navigations++);
  page.on("console", (message) => seen.said.push(message.text()));
  return seen;
}

export async function textOf(page: Page): Promise<string> {
  return (await page.locator("main").innerText()).replace(/\s+/g, " ").replace("ShareKeep", "Share, Keep");
}

export function colorOf(page: Page): Promise<string> {
  return page.evaluate<string>("getComputedStyle(document.querySelector('h1')).color");
}
