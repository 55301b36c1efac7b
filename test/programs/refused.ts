// An app whose declaration is refused while the file is loaded.
import { createApp } from "livespan";

// @ts-expect-error the compiler says so too
export default createApp({ lifspan: {} });
