import type { Generation } from "../kernel/generation.ts";

/** One line of the tree: a lifespan, a task or an intake, with its state and times in milliseconds. */
export interface TreeNode {
  readonly name: string;
  readonly kind: "lifespan" | "task" | "intake";
  readonly state: string;
  readonly needs: readonly string[];
  /** How long it took to come up. */
  readonly ms?: number | undefined;
  readonly note?: string | undefined;
}

export interface Tree {
  readonly name: string;
  readonly state: string;
  readonly nodes: readonly TreeNode[];
}

/** What a generation consists of now, in the order in which it starts. */
export function treeOf(generation: Generation): Tree {
  const lifespans = generation.graph.components.map(
    ({ name, state, needs, upMs, optional, last, waiting }): TreeNode => {
      const notes = [optional && "optional", last && "last", waiting].filter(Boolean).join(", ");
      return { name, kind: "lifespan", state, needs: needs.map((need) => need.name), ms: upMs, note: notes };
    },
  );
  const tasks = generation.tasks.map(({ name, state, spec, restarts, degraded }): TreeNode => {
    const notes = [everyNote(spec.options.every), restarts > 0 && `${restarts} restarts`, degraded && "degraded"];
    return {
      name,
      kind: "task",
      state,
      needs: spec.needs.map((need) => need.name),
      note: notes.filter(Boolean).join(", "),
    };
  });
  const intakes = generation.intakes.map(({ name }): TreeNode => ({
    name,
    kind: "intake",
    state: generation.state,
    needs: [],
  }));
  return { name: generation.name, state: generation.state, nodes: [...lifespans, ...tasks, ...intakes] };
}

function everyNote(every: number | string | undefined): string | undefined {
  if (every === undefined) return undefined;
  return typeof every === "number" ? `every ${every} ms` : `every "${every}"`;
}

/** The tree as text: each node once, under the last of its needs that starts, with its state and time. */
export function printTree(tree: Tree): string {
  const under = new Map<string, TreeNode[]>();
  const root: TreeNode[] = [];
  for (const node of tree.nodes) {
    const parent = node.needs.at(-1);
    if (parent === undefined) root.push(node);
    else under.set(parent, [...(under.get(parent) ?? []), node]);
  }
  const lines = [`${tree.name} (${tree.state})`];
  const stack = root.toReversed().map((node, i) => ({ node, indent: "", last: i === 0 }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, indent, last } = next;
    lines.push(`${indent}${last ? "└─" : "├─"} ${describe(node)}`);
    const children = node.kind === "lifespan" ? (under.get(node.name) ?? []) : [];
    const inner = `${indent}${last ? "   " : "│  "}`;
    stack.push(...children.toReversed().map((child, i) => ({ node: child, indent: inner, last: i === 0 })));
  }
  return lines.join("\n");
}

function describe({ name, kind, state, needs, ms, note }: TreeNode): string {
  const time = ms === undefined ? "" : ` ${formatMs(ms)}`;
  const others = needs.length > 1 ? ` (also needs ${needs.slice(0, -1).join(", ")})` : "";
  const remark = note === undefined || note === "" ? "" : ` · ${note}`;
  return `${kind === "lifespan" ? "" : `${kind} `}${name} ${state}${time}${others}${remark}`;
}

/** Milliseconds as a person reads them. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1_000).toFixed(0)} s`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
