import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Question } from "../programs/live/answering.ts";
import { after, boardOf } from "../programs/live/boards.ts";
import { Program, using } from "./program.ts";
import { served, type Side } from "./side.ts";

export interface Setting {
  readonly board: string;
  readonly tabs: number;
  /** The state that all tabs share; each has its own where there is none. */
  readonly seat?: string;
  /** Where the tabs connect to, when that is not the server itself. */
  readonly through?: (port: number) => Promise<number>;
  /** What the server's Node is given, where it is one. */
  readonly nodeArgs?: readonly string[];
}

/** What became of the changes: both numbers have to be 0. */
export interface Verdict {
  /** Steps that were made and that the server's states do not show. */
  readonly lost: number;
  /** Tabs whose copy is not what the server has. */
  readonly divergent: number;
}

/** A server with tabs connected to it, each in its process. */
export class Stage {
  readonly server: Program;
  readonly tabs: Program;
  /** What the server calls the state of each tab. */
  tokens: readonly string[] = [];
  private readonly board: string;
  private readonly where: object;

  private constructor(server: Program, tabs: Program, board: string, where: object) {
    this.server = server;
    this.tabs = tabs;
    this.board = board;
    this.where = where;
  }

  static async set<T>(side: Side, setting: Setting, use: (stage: Stage) => Promise<T>): Promise<T> {
    const { board, seat, through, nodeArgs } = setting;
    return await using(served(side, board, nodeArgs), async (server) =>
      using(new Program("programs/live/tabs.ts"), async (tabs) => {
        await tabs.line();
        const { port } = await server.line<{ port: number }>();
        const { client, variant } = side;
        const where = { client, variant, board, port: (await through?.(port)) ?? port, seat };
        const stage = new Stage(server, tabs, board, where);
        await stage.open(setting.tabs);
        return await use(stage);
      }),
    );
  }

  /** Opens so many more. */
  async open(tabs: number): Promise<void> {
    this.tokens = (await ask<{ tokens: string[] }>(this.tabs, { ask: "open", ...this.where, tabs })).tokens;
  }

  /** Compares every copy with what the server has, within `patience` ms, and that with the steps that were made. */
  async verdict(steps: number, patience = 10_000): Promise<Verdict> {
    const tokens = [...new Set(this.tokens)];
    const truth = await ask<readonly unknown[]>(this.server, { ask: "states", tokens });
    const byToken = new Map(tokens.map((token, at) => [token, truth[at]]));
    const made = truth.reduce<number>((sum, state) => sum + madeIn(this.board, state), 0);
    let divergent = await this.divergent(byToken);
    for (let waited = 0; divergent > 0 && waited < patience; waited += 100) {
      await sleep(100);
      divergent = await this.divergent(byToken);
    }
    return { lost: steps - made, divergent };
  }

  private async divergent(truth: ReadonlyMap<string, unknown>): Promise<number> {
    const copies = await ask<readonly unknown[]>(this.tabs, { ask: "states" });
    return copies.filter((copy, at) => !isDeepStrictEqual(copy, truth.get(this.tokens[at]!))).length;
  }
}

/** One question, answered; throws what the program says has failed. */
export async function ask<T>(program: Program, question: Question): Promise<T> {
  const answer = await program.ask<T & { readonly failed?: string }>(question);
  if (answer?.failed !== undefined) throw new Error(`${question.ask}: ${answer.failed}`);
  return answer;
}

/** How many steps a state has seen; none counts of one that steps do not lead to. */
function madeIn(board: string, state: unknown): number {
  const made = boardOf(board).seen(state as object);
  return isDeepStrictEqual(state, after(board, made)) ? made : Number.NaN;
}
