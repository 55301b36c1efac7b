// What the pages of the demos look like.
import type { ReactNode } from "react";
import type { Status } from "livespan/react";
import { useField } from "livespan/react";
import "./demo.css";

interface DemoProps {
  readonly title: string;
  readonly status: Status;
  readonly children: ReactNode;
}

/** A card with a heading, and what the page says when it has lost its server. */
export function Demo({ title, status, children }: DemoProps) {
  return (
    <main data-status={status}>
      <h1>{title}</h1>
      <div className="card">{children}</div>
      <footer role="status">
        {status === "offline" && "No connection. The page goes on as soon as there is one."}
      </footer>
    </main>
  );
}

interface CounterProps {
  readonly counter: number;
  readonly maxCounter: number;
  readonly running: boolean;
  readonly events: {
    readonly toggle: () => Promise<void>;
    readonly setMax: (max: string) => Promise<void>;
    readonly clear: () => Promise<void>;
  };
}

/** The seed's row: how far it is, how far it goes, Start or Stop, Reset. */
export function Counter({ counter, maxCounter, running, events }: CounterProps) {
  const max = useField(maxCounter, events.setMax);
  return (
    <>
      <output>{counter} /</output>
      <input type="number" min="0" aria-label="Count to" {...max} />
      <button type="button" className="main" onClick={() => void events.toggle()}>
        {running ? "Stop" : "Start"}
      </button>
      <button type="button" onClick={() => void events.clear()}>
        Reset
      </button>
    </>
  );
}
