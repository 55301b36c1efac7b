// Both demos of Reflex's "Background Tasks" in a real browser. The apps' time is the tests' own.
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { on, once } from "node:events";
import { suite, test, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { explore, manualClock, testApp } from "livespan/testing";
import { Program } from "../../test/programs/program.ts";
import { Project } from "../../test/app/pages/project.ts";
import { startProxy } from "../../test/services/proxy.ts";
import { useBrowser } from "../../test/browser/browser.ts";
import backgroundTask from "./background-task.ts";
import { counter } from "./background-task.state.ts";
import { myTaskState } from "./guarded-task.state.ts";
import lowLevel from "./low-level.ts";

const browser = useBrowser();

/** What a page complains of when its server is gone. */
const gone = [/WebSocket connection .* failed|ERR_CONNECTION_REFUSED/];

/** The counter's page, as somebody who looks at it. */
class CounterPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  press(name: "Start" | "Stop" | "Reset"): Promise<void> {
    return this.page.getByRole("button", { name }).click();
  }

  countTo(max: number): Promise<void> {
    return this.page.getByLabel("Count to").fill(String(max));
  }

  /** Settles when the page shows this number, or one that matches. */
  async shows(counter: number | string): Promise<void> {
    await this.page.locator("output", { hasText: new RegExp(`^${counter} /$`) }).waitFor();
  }

  /** Settles when the page says that it is live, or that it has no network. */
  async is(status: "live" | "offline"): Promise<void> {
    await this.page.locator(`[data-status=${status}]`).waitFor();
  }

  async offers(name: "Start" | "Stop"): Promise<void> {
    await this.page.getByRole("button", { name }).waitFor();
  }
}

for (const path of ["/", "/guarded"]) {
  suite(`the counter at ${path}`, () => {
    test("counts while the number input and Reset stay responsive, and stops", async () => {
      const clock = manualClock();
      await using t = await testApp(backgroundTask, { listen: true, clock });
      await using visitor = await browser.visitor();
      const counter = new CounterPage(await visitor.open(t.url + path));
      await counter.shows(0);
      await counter.press("Start");
      await counter.shows(1);
      await clock.advance(500);
      await counter.shows(2);
      await counter.countTo(25);
      await counter.press("Reset");
      await counter.shows(0);
      await clock.advance(24 * 500);
      await counter.shows(24);
      await counter.press("Stop");
      await counter.offers("Start");
      await clock.advance(10 * 500);
      assert.equal(t.app.backgroundTasks.size, 0);
      await counter.shows(24);
    });

    test("ends by itself where it was told to", async () => {
      const clock = manualClock();
      await using t = await testApp(backgroundTask, { listen: true, clock });
      await using visitor = await browser.visitor();
      const counter = new CounterPage(await visitor.open(t.url + path));
      await counter.countTo(3);
      await counter.press("Start");
      await counter.offers("Stop");
      await clock.advance(3 * 500);
      await counter.offers("Start");
      await counter.shows(3);
      assert.equal(t.app.backgroundTasks.size, 0);
    });

    test("started twice is one loop", async () => {
      const clock = manualClock();
      await using t = await testApp(backgroundTask, { listen: true, clock });
      await using visitor = await browser.visitor();
      const counter = new CounterPage(await visitor.open(t.url + path));
      await counter.press("Start");
      await counter.press("Stop");
      await counter.press("Start");
      await counter.offers("Stop");
      assert.equal(t.app.backgroundTasks.size, 1);
      await clock.advance(3 * 500);
      await counter.shows(4);
    });
  });
}

for (const state of [counter, myTaskState]) {
  test(`${state.name}: in whatever order Start, Stop and Start are met, it never says that it runs when it does not`, async () => {
    const { runs } = await explore(
      backgroundTask,
      async (t) => {
        await using tab = await t.tab(state);
        await tab.events.setMax("2");
        const { toggle } = tab.events;
        await t.race(toggle, toggle, toggle);
        assert.deepEqual([tab.snapshot.counter, tab.snapshot.running], [2, false]);
      },
      { runs: 200 },
    );
    assert.ok(runs > 20);
  });
}

test("a reload keeps the state, and shows it before any script runs", async () => {
  const clock = manualClock();
  await using t = await testApp(backgroundTask, { listen: true, clock });
  await using visitor = await browser.visitor({ expected: [/ERR_FAILED/] });
  const page = await visitor.open(t.url);
  const counter = new CounterPage(page);
  await counter.countTo(7);
  await counter.press("Start");
  await clock.advance(500);
  await counter.shows(2);

  await page.route("**/*.js", (route) => route.abort());
  await page.reload();
  assert.equal(await page.locator("output").textContent(), "2 /");
  assert.equal(await page.getByLabel("Count to").inputValue(), "7");
  await counter.offers("Stop");
  assert.equal(await page.locator("main").getAttribute("data-status"), "resuming");

  await page.unroute("**/*.js");
  await page.reload();
  await counter.is("live");
  await clock.advance(500);
  await counter.shows(3);
  assert.equal(t.app.tabs.size, 1);
});

test("without JavaScript the page is whole, and dressed before it is shown", async () => {
  await using t = await testApp(backgroundTask, { listen: true });
  await using visitor = await browser.visitor({ javaScriptEnabled: false });
  const page = await visitor.open(t.url);
  assert.equal(await page.locator("output").textContent(), "0 /");
  assert.match(await (await t.request("/")).text(), /<head>[^]*<link rel="stylesheet" [^]*<\/head>/);
  const radius = await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius");
  assert.equal(radius, "14px");
});

test("a page that was offline goes on with what it missed", async () => {
  const clock = manualClock();
  await using t = await testApp(backgroundTask, { listen: true, clock });
  await using network = await startProxy(t.url);
  await using visitor = await browser.visitor({ expected: [/ERR_INTERNET_DISCONNECTED/] });
  const counter = new CounterPage(await visitor.open(network.url.replace("redis:", "http:")));
  await counter.press("Start");
  await counter.is("live");
  await visitor.context.setOffline(true);
  network.cut();
  await counter.is("offline");
  await counter.page.getByText("No connection").waitFor();
  await clock.advance(4 * 500);
  await counter.shows(1);
  // Waits for the network, and then runs once.
  await counter.press("Stop");
  await visitor.context.setOffline(false);
  await counter.is("live");
  await counter.offers("Start");
  await counter.shows(5);
});

test("a duplicated tab begins with a copy, and each goes its own way", async () => {
  const clock = manualClock();
  await using t = await testApp(backgroundTask, { listen: true, clock });
  await using visitor = await browser.visitor();
  const first = new CounterPage(await visitor.open(t.url));
  await first.press("Start");
  await clock.advance(500);
  await first.press("Stop");
  await first.offers("Start");
  const opened = visitor.context.waitForEvent("page");
  // A page that another one opens begins with a copy of its storage, as a duplicated tab does.
  await first.page.evaluate(`void window.open(${JSON.stringify(t.url)})`);
  const second = new CounterPage(await opened);
  await second.is("live");
  await second.shows(2);
  await second.press("Reset");
  await second.shows(0);
  await first.press("Start");
  await first.offers("Stop");
  await clock.advance(500);
  await first.shows(3);
  await second.shows(0);
  assert.equal(t.app.tabs.size, 2);
});

/** What the low-level demo fetches from: gives the response to each request, in order, which the test is to end. */
async function zen(t: TestContext): Promise<() => Promise<ServerResponse>> {
  const server = createServer();
  const requests = on(server, "request");
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  const before = process.env["ZEN_URL"];
  process.env["ZEN_URL"] = `http://127.0.0.1:${address.port}/`;
  t.after(() => {
    if (before === undefined) delete process.env["ZEN_URL"];
    else process.env["ZEN_URL"] = before;
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return async () => {
    const [, response] = (await requests.next()).value as [unknown, ServerResponse];
    return response.setHeader("connection", "close");
  };
}

suite("the low-level demo", () => {
  test("fetches outside of the block, and shows what came", async (context) => {
    const asked = await zen(context);
    await using t = await testApp(lowLevel, { listen: true });
    await using visitor = await browser.visitor();
    const page = await visitor.open(t.url);
    await page.getByRole("button", { name: "Fetch Data" }).click();
    const response = await asked();
    assert.equal(await page.locator("output").textContent(), "");
    response.end("Design for failure.");
    await page.getByText("Design for failure.").waitFor();
  });

  test("says on the server what it could not fetch, and goes on", async (context) => {
    const asked = await zen(context);
    await using t = await testApp(lowLevel, { listen: true });
    await using visitor = await browser.visitor();
    const page = await visitor.open(t.url);
    const button = page.getByRole("button", { name: "Fetch Data" });
    await button.click();
    (await asked()).destroy();
    await button.click();
    (await asked()).end("Favor focus over features.");
    await page.getByText("Favor focus over features.").waitFor();
    assert.equal(t.log.filter(({ level }) => level === "error").length, 1);
    assert.match(t.log.find(({ level }) => level === "error")?.message ?? "", /fetchData of state "low-level"/);
  });

  test("is awaited when the app stops", async (context) => {
    const asked = await zen(context);
    const t = await testApp(lowLevel, { listen: true });
    await using visitor = await browser.visitor({ expected: gone });
    const page = await visitor.open(t.url);
    await page.getByRole("button", { name: "Fetch Data" }).click();
    const response = await asked();
    const stopping = t.stop();
    await t.event("draining");
    response.end("Keep it logically awesome.");
    assert.deepEqual((await stopping).abandoned, []);
  });
});

test("built, and run by a process, it counts by the clock on the wall and ends in the middle", async () => {
  await using project = await Project.copy("seeds", "examples");
  await using build = Program.cli(["build", "background-task.ts"], { cwd: project.path });
  assert.equal((await build.end()).code, 0, build.err);
  await using program = Program.cli(["start", "background-task.ts", "--port", "0"], {
    cwd: project.path,
  });
  await using visitor = await browser.visitor({ expected: gone });
  const counter = new CounterPage(await visitor.open(await program.url()));
  const radius = await counter.page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius");
  assert.equal(radius, "14px");
  await counter.countTo(1_000);
  await counter.press("Start");
  // Each number is there for half a second, and may be gone before anybody has looked.
  await counter.shows("(?:[2-9]|[1-9]\\d+)");
  assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
});
