import { createRouter } from "livespan";
import { z } from "zod";
import { model } from "./model.ts";
import { assertSoon } from "./patience.ts";
import type { Reader } from "./reader.ts";
import { reading, type Reading } from "./reading.ts";

const mostCharacters = 20_000;

const text = z
  .string()
  .max(mostCharacters, `a text of at most ${mostCharacters.toLocaleString("en")} characters can be read at once`)
  .refine((value) => value.trim() !== "", "there is nothing to read")
  .meta({ examples: ["Ada Lovelace wrote the first program in 1843. It is a wonderful piece of work."] });

const about = { tags: ["texts"], response: reading };

async function analyze(model: Reader, text: string, signal: AbortSignal): Promise<Reading> {
  assertSoon(model);
  return (await model.read({ text, format: "plain" }, signal)).reading;
}

/** The language model over HTTP. */
export const analyzer = createRouter({ lifespan: { model } });

analyzer.get(
  "/analyze",
  { ...about, summary: "Read a short text", query: z.object({ text }) },
  ({ query, lifespan, signal }) => analyze(lifespan.model, query.text, signal),
);

const titled = z.object({ title: z.string().max(200).optional(), text }).meta({ id: "Text" });

analyzer.post(
  "/analyze",
  {
    ...about,
    summary: "Read a text",
    body: titled,
    bodyLimit: 131_072,
    response: reading.extend({ title: z.string().optional() }).meta({ id: "TitledReading" }),
  },
  async ({ body: { title, text }, lifespan, signal }) => ({ title, ...(await analyze(lifespan.model, text, signal)) }),
);
