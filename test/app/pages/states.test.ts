import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { testApp } from "livespan/testing";
import { Project } from "./project.ts";

const counter = defineState("counter", {
  vars: { n: 41, text: "</script>\u2028<!--" },
  private: { secret: "hunter2" },
});
const room = defineState("room", { vars: { since: new Date(86_400_000) }, scope: "shared" });

const page = `import { createLive } from "livespan/react";
const useCounter = createLive("counter");
const useRoom = createLive("room", { key: "lobby" });
export default () => <h1>{useCounter().n} in a room since {useRoom().since.getTime()}</h1>;`;

const roomOf = (request: Request): string => new URL(request.url).searchParams.get("room") ?? "";

/** An app with a page of both states, asked with these headers, again and again where there are several. */
async function answers(...requests: readonly Record<string, string>[]) {
  await using project = await Project.make({ "page.tsx": page });
  const app = createApp({ states: [counter, room], pages: { root: project.path } }).page("/", {
    entry: "page.tsx",
    states: [counter, [room, roomOf]],
  });
  await using t = await testApp(app);
  const found = [];
  let cookie = "";
  for (const headers of requests) {
    const given = headers["cookie"]?.replace("<before>", cookie);
    const response = await t.request("/?room=lobby", { headers: { ...headers, ...(given && { cookie: given }) } });
    const text = await response.text();
    const set = response.headers.get("set-cookie");
    cookie = `${set?.split(";")[0]}; livespan_tab=${tabIn(text)}`;
    found.push({ response, text, set, tab: tabIn(text) });
  }
  return found;
}

function tabIn(text: string): string {
  return /"tab":"([^"]+)"/.exec(text)?.[1] ?? "";
}

/** A page of a state that only those who are logged in may see, asked with one cookie after the other in the same tab. */
async function visits(...logins: readonly string[]): Promise<{ readonly texts: string[]; readonly log: unknown[] }> {
  const staff = defineState("staff", {
    vars: { secret: "hunter2" },
    scope: "shared",
    join: (_, { headers, url }) => url === "/?a=1" && headers["cookie"]?.includes("login=yes") === true,
  });
  await using project = await Project.make({
    "page.tsx": `import { createLive } from "livespan/react";
const useStaff = createLive("staff", { key: "" });
export default () => <h1>{useStaff().secret}</h1>;`,
  });
  const app = createApp({ states: [staff], pages: { root: project.path } });
  app.page("/", { entry: "page.tsx", states: [[staff, ""]] });
  await using t = await testApp(app);
  const texts: string[] = [];
  let known = "";
  for (const login of logins) {
    const response = await t.request("/?a=1", { headers: { cookie: `${known} ${login}` } });
    texts.push(await response.text());
    known ||= `${response.headers.get("set-cookie")?.split(";")[0]}; livespan_tab=${tabIn(texts[0]!)};`;
  }
  return { texts, log: t.log.filter(({ level }) => level === "error") };
}

suite("a page whose state is refused", () => {
  test("is left to the browser, where its error boundary is, and is no error of the server", async () => {
    const { texts, log } = await visits("");
    assert.match(texts[0]!, /<div id="root"><\/div>/);
    assert.deepEqual(log, []);
  });

  test("asks again for each document: who has logged in sees it, who has logged out does not", async () => {
    const { texts } = await visits("", "login=yes", "login=no");
    assert.deepEqual(
      texts.map((text) => text.includes("hunter2")),
      [false, true, false],
    );
    assert.equal(new Set(texts.map(tabIn)).size, 1);
  });
});

suite("a page with states", () => {
  test("holds their markup and, as data that is inert, what it was made of", async () => {
    const [{ response, text } = assert.fail()] = await answers({});
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.match(text.replaceAll("<!-- -->", ""), /<div id="root"><h1>41 in a room since 86400000<\/h1><\/div>/);
    assert.doesNotMatch(text, /hunter2/);
    const [, json = ""] =
      /<script type="application\/json" id="livespan-data">([^\n]*)<\/script>\n<\/body>/.exec(text) ?? [];
    assert.doesNotMatch(json, /[<\u2028]/);
    const { states, ...data } = JSON.parse(json) as { readonly states: readonly Record<string, unknown>[] };
    assert.deepEqual(Object.keys(data).toSorted(), ["page", "path", "schema", "tab"]);
    const [first, second] = states;
    assert.deepEqual([first?.["state"], first?.["snapshot"]], ["counter", { n: 41, text: "</script>\u2028<!--" }]);
    assert.deepEqual([second?.["state"], second?.["key"], second?.["snapshot"]], ["room", "lobby", undefined]);
    assert.match(String(second?.["rich"]), /1970-01-02T00:00:00\.000Z/);
  });

  test("gives a browser without a session one, and no other", async () => {
    const [first, again, secure] = await answers({}, { cookie: "<before>" }, { "x-forwarded-proto": "https" });
    assert.match(first?.set ?? "", /^livespan_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.equal(again?.set, null);
    assert.match(secure?.set ?? "", /; Secure$/);
  });

  test("is made for the tab that it was when it is opened again, by whoever has its session only", async () => {
    const [first, again] = await answers({}, { cookie: "<before>" });
    assert.notEqual(first?.tab, "");
    assert.equal(again?.tab, first?.tab);
    // The first cookie of a name counts.
    const [mine, theirs] = await answers({}, { cookie: `livespan_session=${"x".repeat(43)}; <before>` });
    assert.equal(theirs?.response.status, 200);
    assert.notEqual(theirs?.tab, mine?.tab);
  });
});
