import { EventEmitter } from "node:events";
import { z } from "zod";
import { defineState } from "livespan/live";
import { boardOf, boards, nameOf } from "./boards.ts";

const driving = z.object({ way: z.enum(["update", "exclusive"]), count: z.number() });

/** Emits "done" when a background task has made all the changes that it was to make. */
export const drives = new EventEmitter();

function stateOf(name: string, board: string, scope: "tab" | "shared") {
  const { initial, step } = boardOf(board);
  return defineState(name, { vars: initial(), scope })
    .background(({ background }) => ({
      drive: background(driving, async (self, { way, count }) => {
        for (let made = 0; made < count; made++) {
          if (way === "update") await self.update(step);
          else await self.exclusive(async (state) => step(state));
        }
        drives.emit("done");
      }),
    }))
    .events(({ on }) => ({
      step: on((state) => step(state)),
      drive: on(driving, (_, arg, ctx) => ctx.start("drive", arg)),
    }));
}

/** Every board as a state of the tab, and as a shared one. */
export const states = Object.keys(boards).flatMap((board) => [
  stateOf(nameOf(board, undefined), board, "tab"),
  stateOf(nameOf(board, "any"), board, "shared"),
]);

export function stateNamed(name: string) {
  return states.find((state) => state.name === name)!;
}
