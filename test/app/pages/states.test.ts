import assert from "node:assert/strict";
import { suite, test } from "node:test";
// With an engine that the test makes there is no public way to these.
import { defineState } from "../../../src/live/server/state.ts";
import { LivespanError } from "../../../src/kernel/errors.ts";
import { newSession } from "../../../src/live/server/session.ts";
import { Pages } from "../../../src/app/pages/pages.ts";
import { pageFrom } from "../../../src/app/pages/page.ts";
import { pagesSettings } from "../../../src/app/pages/settings.ts";
import { TabStates } from "../../../src/app/pages/tab-states.ts";
import type { Engine, Instance, WantedTab } from "../../../src/live/server/engine.ts";
import { Project } from "./project.ts";

const counter = defineState("counter", { vars: { n: 0, text: "" } });
const room = defineState("room", { vars: { since: new Date(0) }, scope: "shared" });

/** An engine that has one tab, "known", for whoever has it, and makes others as they are asked for. */
class OneTabEngine implements Engine {
  readonly schema = "schema1";
  readonly wanted: WantedTab[] = [];
  readonly owner: string;
  made = 0;

  constructor(owner: string) {
    this.owner = owner;
  }

  async tab(wanted: WantedTab) {
    this.wanted.push(wanted);
    const known = wanted.token === "known";
    if (known && wanted.session !== this.owner) throw new LivespanError("TAB_REFUSED", "it is another's", "");
    const token = known ? "known" : `fresh${++this.made}`;
    const instance = async (state: string, key: string | undefined) =>
      ({
        epoch: "e1",
        version: 7,
        key,
        snapshot: state === "room" ? { since: new Date(86_400_000) } : { n: 41, text: "</script>\u2028<!--" },
      }) as Instance;
    return { tab: { token, instance, dispatch: async () => {}, connected() {}, disconnected() {} }, fresh: !known };
  }
}

const page = `import { createLive } from "livespan/react";
const useCounter = createLive("counter");
const useRoom = createLive("room", { key: "lobby" });
export default () => <h1>{useCounter().n} in a room since {useRoom().since.getTime()}</h1>;`;

/** Answers a request for a page with both states. */
async function answer(headers: Record<string, string> = {}, url = "http://a.test/?room=lobby") {
  await using project = await Project.make({ "page.tsx": page });
  const session = newSession(false);
  const engine = new OneTabEngine(session.name);
  const states = [counter, [room, (request: Request) => new URL(request.url).searchParams.get("room") ?? ""]] as const;
  const declared = pageFrom("/", { entry: "page.tsx", states });
  const settings = pagesSettings({ root: project.path });
  const pages = new Pages({ declared: [declared], settings, log: () => {}, states: new TabStates(engine) });
  await pages.open();
  const cookie = headers["cookie"]?.replace("<session>", session.cookie.split(";")[0]!);
  const request = new Request(url, { headers: cookie === undefined ? headers : { ...headers, cookie } });
  const response = await pages.answer(declared, request);
  return { response, text: await response.text(), engine, session };
}

suite("a page with states", () => {
  test("holds their markup and, as data that is inert, what it was made of", async () => {
    const { response, text } = await answer();
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.match(text.replaceAll("<!-- -->", ""), /<div id="root"><h1>41 in a room since 86400000<\/h1><\/div>/);
    const [, json = ""] =
      /<script type="application\/json" id="livespan-data">([^\n]*)<\/script>\n<\/body>/.exec(text) ?? [];
    assert.doesNotMatch(json, /[<\u2028]/);
    const { states, ...data } = JSON.parse(json) as { readonly states: readonly { readonly rich?: string }[] };
    assert.deepEqual(data, { tab: "fresh1", schema: "schema1" });
    const first = { state: "counter", epoch: "e1", version: 7, snapshot: { n: 41, text: "</script>\u2028<!--" } };
    const { rich, ...second } = states[1]!;
    assert.deepEqual([states[0], second], [first, { state: "room", key: "lobby", epoch: "e1", version: 7 }]);
    assert.match(rich ?? "", /1970-01-02T00:00:00\.000Z/);
  });

  test("gives a browser without a session one, and no other", async () => {
    const first = await answer();
    assert.match(
      first.response.headers.get("set-cookie") ?? "",
      /^livespan_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const secure = await answer({}, "https://a.test/?room=lobby");
    assert.match(secure.response.headers.get("set-cookie") ?? "", /; Secure$/);
    const again = await answer({ cookie: "<session>" });
    assert.equal(again.response.headers.get("set-cookie"), null);
    assert.equal(again.engine.wanted[0]?.session, again.session.name);
  });

  test("is made for the tab that it was when it is opened again", async () => {
    const { text, engine } = await answer({ cookie: "<session>; livespan_tab=known" });
    assert.match(text, /"tab":"known"/);
    assert.equal(engine.made, 0);
  });

  test("is made for a new tab when the one that is named belongs to another", async () => {
    const other = newSession(false).cookie.split(";")[0];
    const { response, text, engine } = await answer({ cookie: `${other}; livespan_tab=known` });
    assert.equal(response.status, 200);
    assert.match(text, /"tab":"fresh1"/);
    assert.deepEqual(
      engine.wanted.map(({ token }) => token),
      ["known", undefined],
    );
  });

  test("does not even ask for a tab where there is no session", async () => {
    const { engine } = await answer({ cookie: "livespan_tab=known" });
    assert.deepEqual(
      engine.wanted.map(({ token }) => token),
      [undefined],
    );
  });
});

test("a shared state needs its key, and another takes none", () => {
  const code = "PAGE_OPTION";
  assert.throws(() => pageFrom("/", { entry: "a", states: [room] }), {
    code,
    message: /"room" is shared, and was given no key/,
  });
  assert.throws(() => pageFrom("/", { entry: "a", states: [[counter, "x"]] }), {
    code,
    message: /"counter" is each tab's own/,
  });
});
