import { createLive } from "livespan/react";
import type { indexing } from "./indexing.state.ts";

export const useIndexing = createLive<typeof indexing>("indexing");
