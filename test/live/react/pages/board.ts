import { createElement as h, StrictMode, Suspense, useEffect, useState, Component, type ReactNode } from "react";
import { createLive, shallow, useField } from "livespan/react";
import type { Counter } from "../../client/states.ts";

export const useCounter = createLive<Counter>("counter");
const useLater = createLive("later");
const useRefused = createLive("refused");

/** How often each part was shown anew. */
export const commits: Record<string, number> = {};

function useCommits(name: string): void {
  useEffect(() => {
    commits[name] = (commits[name] ?? 0) + 1;
  });
}

function Whole(): ReactNode {
  const { count, label, rows } = useCounter();
  useCommits("whole");
  return h("p", { id: "whole" }, `${count} ${label} ${rows.length}`);
}

function Selected(): ReactNode {
  const label = useCounter((s) => s.label);
  useCommits("label");
  return h("p", { id: "label" }, label);
}

function Made(): ReactNode {
  const { ids } = useCounter((s) => ({ ids: s.rows.map((row) => row.id).join() }), shallow);
  useCommits("made");
  return h("p", { id: "made" }, ids);
}

function MadeEachTime(): ReactNode {
  const rows = useCounter((s) => s.rows.map((row) => row.id));
  return h("p", { id: "each" }, rows.length);
}

function Pending(): ReactNode {
  const isPending = useCounter.usePending("add");
  return h("button", { id: "add", onClick: () => void useCounter.events.add(5), "data-pending": isPending }, "Add");
}

function Cleared(): ReactNode {
  const [result, setResult] = useState("");
  const clear = (): void => void useCounter.events.clear().then(setResult, (error: Error) => setResult(String(error)));
  return h("button", { id: "clear", onClick: clear }, `Clear ${result}`);
}

function Named(): ReactNode {
  const field = useField(
    useCounter((s) => s.label),
    useCounter.events.rename,
  );
  return h("input", { id: "name", ...field });
}

function Status(): ReactNode {
  return h("p", { id: "status" }, useCounter.useStatus());
}

function Later(): ReactNode {
  const later: unknown = useLater();
  return h("p", { id: "later" }, JSON.stringify(later));
}

function Refused(): ReactNode {
  return h("p", null, JSON.stringify(useRefused()));
}

class Caught extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};
  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }
  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : h("p", { id: "caught" }, String(error));
  }
}

/** Shows a part once its button was pressed. */
function OnDemand({ id, part }: { readonly id: string; readonly part: () => ReactNode }): ReactNode {
  const [isShown, show] = useState(false);
  if (isShown) return h(part);
  return h("button", { id: `show-${id}`, onClick: () => show(true) }, `Show ${id}`);
}

export default function Board(): ReactNode {
  const parts = [Whole, Selected, Made, MadeEachTime, Pending, Cleared, Named, Status];
  return h(
    StrictMode,
    null,
    parts.map((part) => h(part, { key: part.name })),
    h(OnDemand, { id: "later", part: Later }),
    h(Caught, null, h(Suspense, { fallback: "…" }, h(OnDemand, { id: "refused", part: Refused }))),
  );
}
