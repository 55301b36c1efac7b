export type { Engine } from "../work/engine.ts";
export { postgresEngine } from "../work/engines/postgres/engine.ts";
export type { PostgresEngineOptions } from "../work/engines/postgres/engine.ts";
export type { PostgresOptions } from "../work/engines/postgres/options.ts";
export { postgresLeases } from "./leases/postgres.ts";
export type { PostgresLeasesOptions } from "./leases/postgres.ts";
