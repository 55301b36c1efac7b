// What the bundler of pages writes as a page's entry.
import { startPage } from "livespan/react";
import Board, { commits, useCounter } from "./board.ts";

startPage(Board);
Object.assign(globalThis, { commits, add: (by: number) => useCounter.events.add(by) });
