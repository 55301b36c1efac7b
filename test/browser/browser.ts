import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before } from "node:test";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

/** Milliseconds beyond which what a test waits for is taken not to come. */
const patience = 15_000;

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

/** The browser that is there: `LIVESPAN_TEST_CHROMIUM`, or the first on the PATH. */
function executable(): string {
  const named = process.env["LIVESPAN_TEST_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`there is no ${names.join(", ")} on the PATH; set LIVESPAN_TEST_CHROMIUM to a Chromium`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface VisitorOptions extends BrowserContextOptions {
  /** Of what its pages complain of, what the test means to happen. */
  readonly expected?: readonly RegExp[];
}

/**
 * One Chromium for the tests of a file: call it at the file's top or in a suite, and `await using visitor = await
 * browser.visitor()` in a test.
 */
export function useBrowser() {
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: executable(), args, timeout: patience });
  });
  after(() => browser.close());
  return {
    async visitor({ expected = [], ...options }: VisitorOptions = {}): Promise<Visitor> {
      return new Visitor(await browser.newContext(options), expected);
    },
  };
}

/** Somebody with cookies and tabs of their own. Disposing closes them, and throws what a page complained of. */
export class Visitor implements AsyncDisposable {
  readonly context: BrowserContext;
  /** Errors that a page threw, logged, or was refused, as they came. */
  readonly complaints: string[] = [];
  private readonly expected: readonly RegExp[];

  constructor(context: BrowserContext, expected: readonly RegExp[]) {
    this.context = context;
    this.expected = expected;
    context.setDefaultTimeout(patience);
    // The first visit of a page may have to wait for its build; the runner's own limit ends one that does not come.
    context.setDefaultNavigationTimeout(0);
    context.on("weberror", (event) => this.complain(event.error().stack ?? String(event.error())));
    context.on("console", (message) => {
      if (message.type() === "error") this.complain(`${message.text()} (${message.location().url})`);
    });
  }

  /** Opens a tab at an address; settles when the page has loaded. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    const [first] = this.complaints;
    if (first !== undefined) throw new Error(`a page complained ${this.complaints.length} times, first: ${first}`);
  }

  private complain(text: string): void {
    if (!this.expected.some((pattern) => pattern.test(text))) this.complaints.push(text);
  }
}
