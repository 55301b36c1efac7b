import { describe, test } from "node:test";
import { engineConformance } from "livespan/testing";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";

const connectionString = await postgresUrl();

// Cases have schemas of their own, and most of their time is waiting.
describe("the PostgreSQL engine", { concurrency: 6 }, () => {
  engineConformance(test, ({ space, lease }) => postgresEngine({ connectionString, schema: schemaOf(space), lease }));
});

function schemaOf(space: string): string {
  return `s_${space.replaceAll("-", "")}`;
}
