import { describe, test } from "node:test";
import { engineConformance } from "livespan/testing";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";

const connectionString = await postgresUrl();

describe("the PostgreSQL engine", () => {
  engineConformance(test, ({ space, lease }) => postgresEngine({ connectionString, schema: schemaOf(space), lease }));
});

function schemaOf(space: string): string {
  return `s_${space.replaceAll("-", "")}`;
}
