import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stringify } from "devalue";
import { createElement as h, Suspense, type ReactNode } from "react";
import { createLive, LiveError, shallow, type PageData, useLiveClient } from "livespan/react";
import { renderPage } from "livespan/react/server";
import type { Counter } from "../client/states.ts";

const useCounter = createLive<Counter>("counter");
const useKeyed = createLive<Counter>("counter", { key: "k" });

const embedded = { epoch: "e", version: 1 };
const data: PageData = {
  tab: "t",
  schema: "v1",
  states: [
    { state: "counter", ...embedded, snapshot: { count: 1, label: "<b>" } },
    { state: "counter", key: "k", ...embedded, rich: stringify({ count: 2, stamps: new Map([["a", 5]]) }) },
  ],
};
const missing: PageData = { ...data, states: data.states.slice(0, 1) };

function Counted(): ReactNode {
  const { count, label } = useCounter();
  return h("p", null, `${count} ${label}`);
}

function Keyed(): ReactNode {
  const size = useKeyed((s) => [...s.stamps.keys()].join());
  return h("p", null, size);
}

function Sending(): ReactNode {
  void useCounter.events.clear();
  return null;
}

describe("a page that is made on the server", () => {
  test("shows the data that it is given, escaped", async () => {
    assert.equal(await renderPage(Counted, data), "<p>1 &lt;b&gt;</p>");
  });

  test("waits for values beyond JSON", async () => {
    assert.equal(await renderPage(Keyed, data), "<p>a</p>");
  });

  test("is one of many that are made at a time, each with its own data", async () => {
    const pages = Array.from({ length: 20 }, (_, count) =>
      renderPage(Counted, { ...data, states: [{ state: "counter", ...embedded, snapshot: { count, label: "" } }] }),
    );
    assert.deepEqual(
      await Promise.all(pages),
      pages.map((_, count) => `<p>${count} </p>`),
    );
  });

  test("says that no event is pending, and that its line is not open yet", async () => {
    const Standing = (): ReactNode => h("p", null, `${useCounter.usePending("add")} ${useCounter.useStatus()}`);
    assert.equal(await renderPage(Standing, data), "<p>false resuming</p>");
  });

  test("names its tab, by the client that hooks use", async () => {
    const Named = (): ReactNode => {
      const { tab, reason, outdated } = useLiveClient();
      return h("p", null, `${tab} ${reason?.code ?? "open"} ${outdated}`);
    };
    assert.equal(await renderPage(Named, data), `<p>${data.tab} open false</p>`);
  });

  test("fails for a state that the page does not list, by its name and key", async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const isMissing = { name: "LiveError", code: "NO_PAGE", message: /"counter" with the key "k": list it/ };
    await assert.rejects(renderPage(Keyed, missing, onError), isMissing);
    assert.equal(errors.length, 1);
  });

  test("leaves to the browser what fails inside of a Suspense, and tells of it", async () => {
    const codes: unknown[] = [];
    const Page = (): ReactNode => h(Suspense, { fallback: h("i", null, "later") }, h(Keyed));
    const html = await renderPage(Page, missing, (error) => codes.push(error instanceof LiveError && error.code));
    assert.match(html, /<i>later<\/i>/);
    assert.deepEqual(codes, ["NO_PAGE"]);
  });

  test("may look at its events, which only the browser sends", async () => {
    const Button = (): ReactNode => {
      const { clear } = useCounter.events;
      return h("button", { onClick: () => void clear() }, useCounter().label);
    };
    assert.equal(await renderPage(Button, data), "<button>&lt;b&gt;</button>");
  });

  test("sends no events", async () => {
    const ignore = (): void => {};
    await assert.rejects(renderPage(Sending, data, ignore), { code: "NO_PAGE" });
  });

  test("fails with what the page itself throws", async () => {
    const failure = new Error("on purpose");
    const Throwing = (): ReactNode => {
      throw failure;
    };
    await assert.rejects(
      renderPage(Throwing, data, () => {}),
      failure,
    );
  });
});

describe("shallow", () => {
  for (const [a, b, wanted] of [
    [{ x: 1, y: "a" }, { y: "a", x: 1 }, true],
    [{ x: 1 }, { x: 2 }, false],
    [{ x: 1 }, { x: 1, y: undefined }, false],
    [{ x: undefined }, { y: undefined }, false],
    [{ x: {} }, { x: {} }, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [NaN, NaN, true],
    [0, -0, false],
    [null, {}, false],
    ["a", "a", true],
  ] as const) {
    test(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${wanted ? "the same" : "not the same"}`, () => {
      assert.equal(shallow<unknown>(a, b), wanted);
    });
  }
});
