export { defineState } from "./server/state.ts";
export type { AnyState, Draft, Events, Snapshot, State, StateOptions } from "./server/state.ts";
export type {
  Background,
  BackgroundOptions,
  BackgroundTask,
  Block,
  ConnectionFacts,
  DurableOptions,
  DurableSelf,
  Event,
  EventContext,
  EventOptions,
  Frozen,
  LiveApp,
  Locked,
  Self,
} from "./server/context.ts";
export { ImmutableStateError, liveErrors, ReentrantLockError, Refusal, refuse } from "./errors.ts";
export type { Commit, Lease, Outcome, Place, Saved, Store, StoreWorld } from "./server/store.ts";
export { memoryStore } from "./server/stores/memory.ts";
export type { MemoryStoreOptions } from "./server/stores/memory.ts";
