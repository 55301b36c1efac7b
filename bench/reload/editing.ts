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

/** Milliseconds after which an edit that nobody sees is an error. */
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
    await Promise.race([
      editing.ask(workplace.side.subject.path),
      editing.gaveUp(60_000, "nothing was served within a minute"),
    ]);
    return editing;
  }

  /** Saves once, and looks until it is served. */
  async save({ file, edited, path, shown }: Subject): Promise<Reload> {
    const { workplace, visitor } = this;
    const edit = ++this.edit;
    let waited = 0;
    const began = performance.now();
    workplace.write(file, (text) => edited(text, edit));
    for (;;) {
      const visit = await visitor.ask<Record<string, unknown>>(path);
      waited = Math.max(waited, visit.waited);
      const ms = performance.now() - began;
      if (shown(visit.answer) === edit) return { ms, waited };
      if (ms > longest) throw new Error(`edit ${edit} was not served within ${longest} ms`);
    }
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

  end(): void {
    this.visitor.leave();
  }

  private async gaveUp(ms: number, why: string): Promise<never> {
    await sleep(ms, undefined, { ref: false });
    this.end();
    throw new Error(why);
  }
}
