import { setTimeout as sleep } from "node:timers/promises";
import type { Subject } from "./side.ts";
import { Visitor } from "./visitor.ts";
import type { Workplace } from "./workplace.ts";

/** What a save came to, in milliseconds. */
export interface Reload {
  /** From the beginning of the write to the first answer that shows it. */
  readonly ms: number;
  /** The longest that somebody was without an answer meanwhile, who asks again as soon as there is one. */
  readonly waited: number;
}

/** Milliseconds after which an edit that nobody has seen is an error. */
const longest = 30_000;

/** An edit of an app, over and over, by somebody who looks at what is served. */
export class Editing {
  private readonly workplace: Workplace;
  private readonly visitor: Visitor;
  private edit = 0;

  private constructor(workplace: Workplace) {
    this.workplace = workplace;
    this.visitor = new Visitor(workplace.port, { backOff: 2 });
  }

  /** Settles when the app is served as it is. */
  static async of(workplace: Workplace): Promise<Editing> {
    const editing = new Editing(workplace);
    await editing.within(60_000, editing.ask(workplace.side.subject.path));
    return editing;
  }

  /** Saves once, and looks until it is served. */
  async save(subject: Subject): Promise<Reload> {
    const edit = ++this.edit;
    const began = performance.now();
    this.workplace.write(subject.file, (text) => subject.edited(text, edit));
    const waited = await this.within(longest, this.seen(subject, edit));
    return { ms: performance.now() - began, waited };
  }

  /** As often as is said, with a while in between in which one goes on writing. */
  async saves(times: number, subject: Subject = this.workplace.side.subject): Promise<readonly Reload[]> {
    const reloads: Reload[] = [];
    while (reloads.length < times) {
      // Not in step with anything that looks at regular times.
      await sleep(300 + ((this.edit * 37) % 100));
      reloads.push(await this.save(subject));
    }
    return reloads;
  }

  async ask<T>(path: string): Promise<T> {
    return (await this.visitor.ask<T>(path)).answer;
  }

  /** Looks until an edit is served, and tells how long the longest look was. */
  private async seen({ path, shown }: Subject, edit: number): Promise<number> {
    for (let longest = 0; ;) {
      const { answer, waited } = await this.visitor.ask<Record<string, unknown>>(path);
      longest = Math.max(longest, waited);
      if (shown(answer) === edit) return longest;
    }
  }

  /** Whoever has looked for too long does so no more. */
  private async within<T>(ms: number, looking: Promise<T>): Promise<T> {
    const tooLong = setTimeout(() => this.end(), ms);
    try {
      return await looking;
    } finally {
      clearTimeout(tooLong);
    }
  }

  end(): void {
    this.visitor.leave();
  }
}
