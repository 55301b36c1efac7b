// The reader's other end, in a thread of its own: reading is plain computation, and would hold up every request.
import { parentPort } from "node:worker_threads";
import { Language } from "./language.ts";
import { proseOf } from "./prose.ts";
import type { Answer, Question } from "./reader.ts";

const language = new Language();

function answer({ text, format }: Question): Answer {
  const prose = format === "markdown" ? proseOf(text) : { text, title: undefined };
  return { title: prose.title, reading: language.read(prose.text) };
}

parentPort?.on("message", (question: Question) => {
  try {
    parentPort?.postMessage(answer(question));
  } catch (error) {
    parentPort?.postMessage({ error });
  }
});
parentPort?.postMessage("loaded");
