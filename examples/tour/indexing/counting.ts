// Loaded before a worker (`--import`): writes a line for each text that its model has read to its end. What the test counts.
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { Reader } from "../reader.ts";

const { TOUR_COUNT: file } = process.env;
const { read } = Reader.prototype;

if (isMainThread && file !== undefined) {
  Reader.prototype.read = async function (question, signal) {
    const answer = await read.call(this, question, signal);
    const [first = ""] = question.text.split("\n", 1);
    appendFileSync(file, `${first}\n`);
    return answer;
  };
}
