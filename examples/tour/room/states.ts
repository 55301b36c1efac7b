import { createLive } from "livespan/react";
import type { desk } from "./desk.state.ts";
import type { together } from "./together.state.ts";

export const useDesk = createLive<typeof desk>("desk");
export const useTogether = createLive<typeof together>("together");
