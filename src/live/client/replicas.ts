import { mostWants } from "../wire/frames.ts";
import { clientError } from "./error.ts";
import type { EmbeddedState } from "./page.ts";
import { Replica, type SendEvent } from "./replica.ts";
import { loadRichCodec } from "./rich.ts";
import type { ClientWorld } from "./world.ts";

/** The states that a page wants, in the order of wanting: the index of each is its place on every line. */
export class Replicas {
  private readonly world: ClientWorld;
  private readonly send: SendEvent;
  private readonly list: Replica[] = [];
  private readonly byName = new Map<string, Replica>();

  constructor(world: ClientWorld, send: SendEvent) {
    this.world = world;
    this.send = send;
  }

  get size(): number {
    return this.list.length;
  }

  of(name: string, key: string | undefined): Replica {
    const id = (key ?? "") === "" ? name : `${name}/${key}`;
    let replica = this.byName.get(id);
    if (replica === undefined) {
      if (this.list.length >= mostWants) {
        throw clientError("JOIN_REFUSED", `The page has ${mostWants} states, the most it may; "${id}" is one more.`);
      }
      const { clock, frame } = this.world;
      replica = new Replica({ place: this.list.length, name, key, clock, frame, send: this.send });
      this.byName.set(id, replica);
      this.list.push(replica);
    }
    return replica;
  }

  /** Undefined for a place that the server made up. */
  at(place: number): Replica | undefined {
    return this.list[place];
  }

  from(place: number): readonly Replica[] {
    return this.list.slice(place);
  }

  /** Begins with what came with the page. What JSON carries is there before this returns, for the first render. */
  async embed(states: readonly EmbeddedState[]): Promise<void> {
    const rich = states.filter((each) => {
      const replica = this.of(each.state, each.key);
      if (each.snapshot !== undefined) replica.embed(each, each.snapshot);
      return each.snapshot === undefined;
    });
    if (rich.length === 0) return;
    const codec = await loadRichCodec();
    for (const each of rich) this.of(each.state, each.key).embed(each, codec.parse(each.rich ?? "") as object);
  }

  /** The tab is another one, so the versions of its states mean nothing; those of shared states do. */
  forget(): void {
    for (const replica of this.list) if (replica.key === undefined) replica.forget();
  }

  /** Nothing more comes: leaves no timer behind. */
  close(): void {
    for (const replica of this.list) replica.tell();
  }

  unplug(): void {
    for (const replica of this.list) replica.unplug();
  }
}
