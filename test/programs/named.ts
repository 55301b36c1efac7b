// An app that is exported by its name only.
import { createApp } from "livespan";

export const shop = createApp();
