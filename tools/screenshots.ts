// `npm run screenshots`: makes docs/images/, what the README shows: the tour's page while a text is read, light and dark,
// and on a phone when its server is gone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { build } from "./build.ts";
import { command, root } from "./command.ts";
import { findChromium } from "./services/chromium.ts";

const cli = "dist/cli/main.js";
const tour = "examples/tour/app.ts";
const images = join(root, "docs/images");

/** A tour of our own, on a free port, over the documents of this repository. It keeps no runs. */
class Tour implements AsyncDisposable {
  private readonly child = spawn(process.execPath, [cli, "start", tour, "--port", "0"], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", DOCS_DIR: "docs", LIVESPAN_ENGINE: "memory", REDIS_URL: undefined },
    stdio: ["ignore", "pipe", "pipe"],
  });

  async url(): Promise<string> {
    let said = "";
    for await (const line of createInterface(this.child.stderr)) {
      const [, url] = /listening on (http:\S+)/.exec(line) ?? [];
      if (url !== undefined) return url;
      said += `${line}\n`;
    }
    throw new Error(`the tour did not start:\n${said}`);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** Opens the page, and reads two texts in it; settles in the middle of the second. */
async function openReading(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "an incident" }).click();
  await page.getByLabel("Full speed").check({ force: true });
  await page.getByText("Read to the end").waitFor();
  await page.getByLabel("Steady").check({ force: true });
  await page.getByRole("button", { name: "a review" }).click();
  await page.locator(".sentences li").nth(4).waitFor();
  await page.getByRole("button", { name: "Mark sentence 2" }).click();
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate("document.activeElement.blur()");
  const { byteLength } = await page.screenshot({ path: join(images, name) });
  process.stdout.write(`docs/images/${name}: ${Math.ceil(byteLength / 1_000)} kB\n`);
}

async function make(): Promise<void> {
  const { code, output } = await command([process.execPath, cli, "build", tour]);
  if (code !== 0) throw new Error(output);
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium: install one, or set CHROME_PATH");
  await using server = new Tour();
  const url = await server.url();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await openReading(browser, url, { colorScheme, viewport: { width: 1_160, height: 1_180 } });
      await page.getByLabel("Your text, in English").fill("");
      await page.evaluate("scrollTo(0, 0)");
      await shoot(page, `tour-${colorScheme}.png`);
      await page.context().close();
    }
    const page = await openReading(browser, url, { viewport: { width: 400, height: 860 } });
    await server.kill();
    await page.getByText("Waiting for the server").waitFor();
    await shoot(page, "tour-server-gone.png");
  } finally {
    await browser.close();
  }
}

const { code, output } = await build();
process.stderr.write(output);
if (code === 0) await make();
process.exitCode = code;
