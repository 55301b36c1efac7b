// An app whose own lifespan yields what cannot be state.
import { createApp } from "livespan";

export default createApp({
  // @ts-expect-error the compiler says so too
  lifespan: async function* () {
    yield 42;
  },
});
