import type { Benchmark } from "../harness/benchmark.ts";
import { Editing, type Reload } from "./editing.ts";
import { against, amount, type Row } from "../harness/row.ts";
import { editPage, type PageEdits } from "./page.ts";
import { median } from "../harness/sample.ts";
import { developing, type DevSide, type Subject } from "./side.ts";
import { Workplace } from "./workplace.ts";

/** A line at the end of a file, which says which edit this is. */
function marking(name: string, file: string): Subject {
  return {
    file,
    edited(text, edit) {
      const [before] = text.split("\nprocess.env");
      return `${before}\nprocess.env["EDIT_${name}"] = "${edit}";\n`;
    },
    path: "/edits",
    shown: ({ [name]: edit }) => edit,
  };
}

/** What of the tour is edited, and how long it may take in milliseconds. */
const subjects = {
  route: marking("route", "examples/tour/analyzer.ts"),
  "lifespan task": marking("task", "examples/tour/watcher.ts"),
  state: marking("state", "examples/tour/room/desk.state.ts"),
} as const;
const most = 150;

const tour: DevSide = {
  name: "livespan dev",
  sources: ["examples/tour", "bench/programs/reload/tour.ts", "docs"],
  at: ".",
  subject: subjects.route,
  modules: "node_modules",
  command: (port) => developing("bench/programs/reload/tour.ts", port),
  env: () => ({ DOCS_DIR: "docs", REDIS_URL: "" }),
};

interface Toured {
  readonly reloads: Readonly<Record<keyof typeof subjects, readonly Reload[]>>;
  readonly page: PageEdits | undefined;
  /** How often the language model was another one. */
  readonly lost: number;
}

async function toured(first: number, edits: number): Promise<Toured> {
  return await Workplace.set(tour, async (workplace) => {
    const editing = await Editing.of(workplace);
    try {
      await editing.saves(first);
      const reloads = {
        route: await editing.saves(edits, subjects.route),
        "lifespan task": await editing.saves(edits, subjects["lifespan task"]),
        state: await editing.saves(edits, subjects.state),
      };
      const page = await editPage(workplace, editing, Math.ceil(edits / 3));
      const { models } = await editing.ask<{ readonly models: number }>("/edits");
      return { reloads, page, lost: models - 1 };
    } finally {
      editing.end();
    }
  });
}

function rows(subject: keyof typeof subjects, all: readonly Toured[]): Row[] {
  const rounds = all.map(({ reloads }) => reloads[subject].map(({ ms }) => ms));
  const waits = all.map(({ reloads }) => Math.max(...reloads[subject].map(({ waited }) => waited)));
  const row = (reading: string, values: readonly number[], goal = {}): Row => {
    const told = { ours: amount(median(values), "ms"), peer: "", unit: " ms" };
    return against(`reload-tour, ${subject}, ${reading}`, values, { ...told, ...goal });
  };
  return [
    row("median", rounds.map(median), subject === "route" ? { goal: { most } } : {}),
    row(
      "worst",
      rounds.map((times) => Math.max(...times)),
    ),
    row("longest wait", waits),
  ];
}

function pageRows(all: readonly Toured[]): Row[] {
  const pages = all.map(({ page }) => page).filter((page) => page !== undefined);
  if (pages.length < all.length) {
    console.log("reload-tour: an edit of a page is not seen without a reload, its rows are left out.");
    return [];
  }
  const times = pages.map((page) => median(page.times));
  const told = { ours: amount(median(times), "ms"), peer: "", unit: " ms" };
  const edits = { ours: `${pages[0]!.times.length} edits`, peer: "", unit: "", goal: { exactly: 0 } };
  const runs = pages.map((page) => page.runs);
  return [
    against("reload-tour, page, until it is rendered, median", times, told),
    against("reload-tour, page, reloads of the server", runs, edits),
  ];
}

export const reloadTour: Benchmark = {
  name: "reload-tour",
  about: "from a save to the first answer of the new code, in the tour, whose language models stay up",
  rounds: 3,
  needs: [],
  async run({ rounds, quick }) {
    const all: Toured[] = [];
    while (all.length < rounds) all.push(await (quick ? toured(1, 2) : toured(5, 30)));
    const [route, task, state] = [rows("route", all), rows("lifespan task", all), rows("state", all)];
    const lost = all.map((each) => each.lost);
    const kept = { ours: "", peer: "", unit: "", goal: { exactly: 0 } };
    return [...route, ...task, ...state, ...pageRows(all), against("reload-tour, models loaded anew", lost, kept)];
  },
};
