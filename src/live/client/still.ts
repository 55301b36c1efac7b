import type { AnyState, Events, Snapshot } from "../server/state.ts";
import type { LiveClient, LiveState, StateOptions } from "./live-client.ts";
import type { EmbeddedState, PageData } from "./page.ts";
import { Arrival } from "./arrival.ts";
import { callsTo } from "./calls.ts";
import { clientError } from "./error.ts";
import { loadRichCodec } from "./rich.ts";

/** A client without a line: a page that is made on the server reads its first snapshots from it. */
export class StillClient implements LiveClient {
  readonly tab: string;
  readonly status = "resuming";
  readonly reason = undefined;
  readonly outdated = false;
  private readonly data: PageData;
  private readonly states = new Map<EmbeddedState, StillState>();

  constructor(data: PageData) {
    this.data = data;
    this.tab = data.tab;
  }

  subscribe(): () => void {
    return ignore;
  }

  // The caller names the type; what was embedded under the name is of it.
  state<S extends AnyState>(name: S["name"], options?: StateOptions): LiveState<S>;
  state(name: string, { key }: StateOptions = {}): StillState {
    const isMeant = (each: Pick<EmbeddedState, "state" | "key">): boolean =>
      each.state === name && (each.key ?? "") === (key ?? "");
    const embedded = this.data.states.find(isMeant);
    if (embedded === undefined) {
      const which = key === undefined ? `"${name}"` : `"${name}" with the key "${key}"`;
      if (this.data.refused?.some(isMeant) === true)
        throw clientError("JOIN_REFUSED", `This tab may not join ${which}.`);
      throw clientError("NO_PAGE", `The page was made without the state ${which}: list it in the page's states.`);
    }
    let state = this.states.get(embedded);
    if (state === undefined) this.states.set(embedded, (state = new StillState(embedded)));
    return state;
  }

  close(): void {}
}

class StillState implements LiveState {
  readonly name: string;
  readonly key: string | undefined;
  readonly ready: Promise<void>;
  readonly subscribe = (): (() => void) => ignore;
  readonly pending = (): boolean => false;
  readonly events: Events<AnyState>;
  private snapshot: unknown;

  constructor({ state, key, snapshot, rich }: EmbeddedState) {
    this.name = state;
    this.events = stillEvents(state);
    this.key = key;
    this.snapshot = snapshot;
    this.ready = rich === undefined ? arrived() : this.read(rich);
  }

  readonly get = (): Snapshot<AnyState> => this.snapshot;
  readonly first = (): Snapshot<AnyState> => this.snapshot;

  private async read(rich: string): Promise<void> {
    this.snapshot = (await loadRichCodec()).parse(rich);
  }
}

/** A component looks at its events while it is rendered; only a page in the browser may call them. */
export function stillEvents<S extends AnyState>(name: S["name"]): Events<S>;
export function stillEvents(name: string): unknown {
  return callsTo((event) => {
    const what = `The event "${event}" of "${name}"`;
    throw clientError("NO_PAGE", `${what} is sent by a page in the browser, not while it is made.`);
  });
}

function arrived(): Promise<void> {
  const arrival = new Arrival();
  arrival.settle();
  return arrival.promise;
}

function ignore(): void {}
