import type { Hello } from "../wire/frames.ts";
import type { ClientWorld } from "./world.ts";

const stored = "livespan:tab";
const lastEvent = "livespan:event";
/** Tells the server for which tab it makes the page of a reload. */
const cookie = "livespan_tab";
const cookieSeconds = 10;

/**
 * Which tab this page is. The browser keeps the id over reloads, and copies it when a tab is duplicated: whoever holds the lock
 * of that name is the tab itself, and another page that has the id is a copy of it.
 */
export class TabId {
  private readonly world: ClientWorld;
  private readonly duplicate: "copy" | "fresh";
  private held: string | undefined;
  private unlock: (() => void) | undefined;
  /** Grows when what is held is given up. */
  private turn = 0;
  private copyOf: string | undefined;

  constructor(world: ClientWorld, duplicate: "copy" | "fresh") {
    this.world = world;
    this.duplicate = duplicate;
    world.cookie(cookie, "", 0);
  }

  get value(): string | undefined {
    return this.held;
  }

  /** What is said of it in a hello. */
  get hello(): Pick<Hello, "tab" | "copyOf"> {
    return { tab: this.held, copyOf: this.copyOf };
  }

  /** Finds out which one it is; `embedded` is the tab that the page was made for. */
  async claim(embedded: string | undefined): Promise<void> {
    const kept = this.world.read(stored);
    const wanted = kept ?? embedded;
    if (wanted === undefined || (await this.hold(wanted))) return;
    // Without anything kept it is no copy, but a page that was made for the wrong tab.
    if (this.duplicate === "copy") this.copyOf = kept;
    else if (embedded !== undefined && embedded !== wanted) await this.hold(embedded);
  }

  /** The server has said which it is. */
  keep(tab: string): void {
    this.copyOf = undefined;
    this.world.write(stored, tab);
    if (this.held === tab) return;
    this.release();
    // Nobody else has the id of a tab that was made for this page.
    this.held = tab;
    void this.hold(tab);
  }

  /** The tab belongs to somebody else. */
  forget(): void {
    this.release();
    this.held = this.copyOf = undefined;
    this.world.write(stored, undefined);
  }

  /** Another page may be this tab. */
  release(): void {
    this.turn++;
    this.unlock?.();
    this.unlock = undefined;
  }

  private async hold(tab: string): Promise<boolean> {
    const { turn } = this;
    const unlock = await this.world.hold(`livespan:${tab}`);
    // Released while it was asked for.
    if (turn !== this.turn) unlock?.();
    if (turn !== this.turn || !unlock) return false;
    this.held = tab;
    this.unlock = unlock;
    return true;
  }

  /** Says for which tab the page is that is about to be asked for, or nothing more once it is there. */
  tellNext(isAsked: boolean): void {
    if (this.held !== undefined) this.world.cookie(cookie, this.held, isAsked ? cookieSeconds : 0);
  }

  /**
   * The last event id of this tab, also over reloads: the server takes one that is not greater for an event that was sent
   * again. The time of day stands in where the browser keeps nothing.
   */
  get lastEvent(): number {
    return Math.max(Number(this.world.read(lastEvent) ?? 0), Math.floor(this.world.clock.wall()));
  }

  set lastEvent(id: number) {
    this.world.write(lastEvent, String(id));
  }
}
