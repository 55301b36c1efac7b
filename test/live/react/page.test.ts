import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { PageData } from "livespan/client";
import { useBrowser } from "../../browser/browser.ts";
import type { ServerLine } from "../client/server.ts";
import { openSite } from "./site.ts";

const browser = useBrowser();
const snapshot = { count: 1, label: "one", rows: [{ id: 1 }, { id: 2 }] };
const data: PageData = { tab: "mine", schema: "v1", states: [{ state: "counter", epoch: "e", version: 4, snapshot }] };

const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();
const shows = (page: Page, id: string, wanted: string): Promise<unknown> =>
  page.locator(`#${id}`, { hasText: new RegExp(`^${wanted}$`) }).waitFor();
const commits = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(() => Reflect.get(globalThis, "commits") as Record<string, number>);

async function answered(line: ServerLine, value?: unknown): Promise<readonly unknown[]> {
  const frame = await line.nextOf("e");
  line.send(["a", Number(frame[1]), value]);
  return frame;
}

describe("a page that is made in the browser", () => {
  test("waits for the first snapshot, then follows", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    assert.equal(await text(page, "root"), "");
    line.send(["s", 0, "e", 4, snapshot]);
    await shows(page, "whole", "1 one 2");
    await shows(page, "made", "1,2");
    await shows(page, "status", "live");
    line.send([
      "d",
      0,
      5,
      [
        ["=", "count", 2],
        ["~", "rows", [[1, 1]]],
      ],
    ]);
    await shows(page, "whole", "2 one 1");
    await shows(page, "each", "1");
  });

  test("sends events and shows which have no answer, and what one returned", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    await page.locator("#add[data-pending=false]").click();
    await page.locator("#add[data-pending=true]").waitFor();
    assert.deepEqual((await answered(line, 5)).slice(2), [0, "add", 5]);
    await page.locator("#add[data-pending=false]").waitFor();
    await page.locator("#clear").click();
    await answered(line, "done");
    await shows(page, "clear", "Clear done");
    await page.locator("#clear").click();
    const [, id] = await line.nextOf("e");
    line.send(["x", Number(id), "HANDLER_FAILED", "it failed"]);
    await shows(page, "clear", "Clear LiveError: it failed");
    const added = page.evaluate(() => (Reflect.get(globalThis, "add") as (by: number) => Promise<number>)(7));
    assert.deepEqual((await answered(line, 8)).slice(2), [0, "add", 7]);
    assert.equal(await added, 8, "also from outside of components");
  });

  test("keeps what is being typed while the server has not answered, then shows what it says", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    const field = page.locator("#name");
    await field.fill("");
    await field.pressSequentially("two");
    assert.equal(await field.inputValue(), "two");
    const sent = [await answered(line), await answered(line), await line.nextOf("e")];
    assert.deepEqual(
      sent.map((frame) => frame.slice(2)),
      [
        [0, "rename", ""],
        [0, "rename", "t"],
        [0, "rename", "tw"],
      ],
    );
    line.send(["d", 0, 5, [["=", "label", "TW"]]]);
    await shows(page, "label", "TW");
    assert.equal(await field.inputValue(), "two", "while it is typed in");
    await field.blur();
    assert.equal(await field.inputValue(), "two", "left, but not answered");
    line.send(["a", Number(sent[2]![1])]);
    await answered(line);
    await page.locator("#name[value=TW]").waitFor();
    assert.equal(await field.inputValue(), "TW");
    line.send(["d", 0, 6, [["=", "label", "three"]]]);
    await page.locator("#name[value=three]").waitFor();
    await page.close();
  });

  test("tells of a change in a field that was refused, and shows what holds once it is left", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor({ expected: [/LiveError: too long/] });
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    const field = page.locator("#name");
    await field.fill("longer");
    const [, id] = await line.nextOf("e");
    line.send(["x", Number(id), "INVALID_ARGUMENT", "too long"]);
    await visitor.context.waitForEvent("weberror");
    assert.equal(await field.inputValue(), "longer");
    await field.blur();
    await page.locator("#name[value=one]").waitFor();
  });

  test("shows a part anew only when what it selects has changed", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    await shows(page, "whole", "1 one 2");
    const before = await commits(page);
    line.send(["d", 0, 5, [["=", "count", 2]]]);
    await shows(page, "whole", "2 one 2");
    line.send(["d", 0, 6, [["=", "rows", [{ id: 1 }, { id: 2 }]]]]);
    line.send(["d", 0, 7, [["=", "count", 3]]]);
    await shows(page, "whole", "3 one 2");
    const after = await commits(page);
    assert.deepEqual([after["label"], after["made"]], [before["label"], before["made"]]);
    assert.ok(after["whole"]! > before["whole"]!);
    line.send(["d", 0, 8, [["=", "label", "two"]]], ["d", 0, 9, [["=", ["rows", 0, "id"], 9]]]);
    await shows(page, "made", "9,2");
    await shows(page, "label", "two");
  });

  test("keeps what it shows while a state that is wanted later is on its way", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    await page.locator("#show-later").click();
    assert.deepEqual(await line.nextOf("j"), ["j", 1, { state: "later" }]);
    assert.equal(await text(page, "whole"), "1 one 2");
    line.send(["s", 1, "e", 1, { here: true }]);
    await shows(page, "later", '{"here":true}');
  });

  test("throws to the nearest boundary what the server refuses", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor({ expected: [/not for you/] });
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    await page.locator("#show-refused").click();
    const [, place] = await line.nextOf("j");
    line.send(["n", Number(place), "JOIN_REFUSED", "not for you"]);
    await shows(page, "caught", "LiveError: not for you");
    assert.equal(await text(page, "whole"), "1 one 2");
  });

  test("says that it is resuming when its line is lost, and goes on from what it has", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 4, snapshot]);
    await shows(page, "status", "live");
    line.kill();
    await shows(page, "status", "resuming");
    const next = await site.line();
    const { tab, wants } = await next.welcome();
    assert.deepEqual([tab, wants], ["tab-1", [{ state: "counter", epoch: "e", version: 4 }]]);
    next.send(["r", 0, "e", 6, [["=", "count", 6]]]);
    await shows(page, "whole", "6 one 2");
    await shows(page, "status", "live");
  });

  test("follows a thousand changes to the last one, and is not shown more often than a screen", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome();
    line.send(["s", 0, "e", 0, { ...snapshot, label: "" }]);
    await page.locator("#whole").waitFor();
    const before = await commits(page);
    const began = performance.now();
    for (let to = 1; to <= 1_000; to++) {
      line.send([
        "d",
        0,
        to,
        [
          ["=", "count", to],
          ["+", "label", "."],
        ],
      ]);
    }
    await shows(page, "whole", `1000 ${"\\.".repeat(1_000)} 2`);
    const frames = (performance.now() - began) / 16;
    const shown = (await commits(page))["whole"]! - before["whole"]!;
    assert.ok(shown <= frames + 2, `shown ${shown} times in ${frames.toFixed()} frames`);
    assert.ok(shown < 1_000 / 3, `1,000 changes were shown ${shown} times`);
  });
});

describe("a page that the server made", () => {
  test("is taken over as it is, and no change in between is lost", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    assert.equal(await text(page, "whole"), "1 one 2");
    const line = await site.line();
    assert.deepEqual(await line.welcome({ tab: "mine" }), {
      protocol: 1,
      tab: "mine",
      schema: "v1",
      wants: [{ state: "counter", epoch: "e", version: 4 }],
    });
    line.send(["r", 0, "e", 9, [["=", "count", 9]]]);
    await shows(page, "whole", "9 one 2");
    await shows(page, "status", "live");
  });

  test("is there without its script", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor({ javaScriptEnabled: false });
    const page = await visitor.open(site.url);
    assert.equal(await text(page, "whole"), "1 one 2");
    assert.equal(await text(page, "made"), "1,2");
    assert.equal(await text(page, "status"), "resuming");
  });

  test("sends what was pressed before the line was open", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.hello();
    await page.locator("#add").click();
    line.send(["w", { tab: "mine", fresh: false, schema: "v1", heartbeat: 15_000 }]);
    assert.deepEqual((await answered(line)).slice(3), ["add", 5]);
  });
});

describe("a tab of the browser", () => {
  test("is the same after a reload, and tells the server so before the page is made", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome({ tab: "mine" });
    await shows(page, "status", "live");
    const reloading = page.waitForRequest((request) => request.isNavigationRequest());
    await page.reload();
    assert.match((await (await reloading).allHeaders())["cookie"] ?? "", /livespan_tab=mine/);
    const { tab, copyOf } = await (await site.line()).welcome({ tab: "mine" });
    assert.deepEqual([tab, copyOf], ["mine", undefined]);
    await shows(page, "status", "live");
    assert.deepEqual(await visitor.context.cookies(), []);
  });

  test("that is duplicated becomes a copy, and the first one stays what it was", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    await (await site.line()).welcome({ tab: "mine" });
    await shows(page, "status", "live");
    const opened = visitor.context.waitForEvent("page");
    // A page that another one opens begins with a copy of its storage, as a duplicated tab does.
    await page.evaluate(`void window.open(${JSON.stringify(site.url)})`);
    const second = await opened;
    const line = await site.line();
    const { tab, copyOf } = await line.welcome({ tab: "second", fresh: true });
    assert.deepEqual([tab, copyOf], [undefined, "mine"]);
    line.send(["s", 0, "e2", 1, { ...snapshot, label: "copied" }]);
    await shows(second, "label", "copied");
    await second.reload();
    assert.equal((await (await site.line()).hello()).tab, "second");
    assert.equal(await text(page, "status"), "live");
  });

  test("is no copy because the browser was late to give it its name", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor();
    // The wait for the name is over before anything can be given.
    await visitor.context.addInitScript("AbortSignal.timeout = () => AbortSignal.abort()");
    await visitor.open(site.url);
    const { tab, copyOf } = await (await site.line()).hello();
    assert.deepEqual([tab, copyOf], ["mine", undefined]);
  });

  test("that is opened anew is another one", async () => {
    await using site = await openSite();
    await using visitor = await browser.visitor();
    const page = await visitor.open(site.url);
    await (await site.line()).welcome({ tab: "mine" });
    await visitor.open(site.url);
    const { tab, copyOf } = await (await site.line()).hello();
    assert.deepEqual([tab, copyOf], [undefined, undefined]);
    await page.close();
  });

  test("asks for a session when its upgrade is refused, and comes again", async () => {
    await using site = await openSite(data);
    site.refusing = 1;
    await using visitor = await browser.visitor({ expected: [/WebSocket connection .* failed/] });
    const page = await visitor.open(site.url);
    assert.equal((await (await site.line()).welcome({ tab: "mine" })).tab, "mine");
    await shows(page, "status", "live");
    assert.equal(site.sessions, 1);
  });

  test("without a network is offline, and resumes as soon as there is one", async () => {
    await using site = await openSite(data);
    await using visitor = await browser.visitor({ expected: [/ERR_INTERNET_DISCONNECTED/] });
    const page = await visitor.open(site.url);
    const line = await site.line();
    await line.welcome({ tab: "mine" });
    await shows(page, "status", "live");
    await visitor.context.setOffline(true);
    line.kill();
    await shows(page, "status", "offline");
    await visitor.context.setOffline(false);
    await (await site.line()).welcome({ tab: "mine" });
    await shows(page, "status", "live");
  });
});
