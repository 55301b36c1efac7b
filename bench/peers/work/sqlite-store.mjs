// The durable steps by hand: a transaction each to insert, and to settle what has ended while claiming what is next.
import { DatabaseSync } from "node:sqlite";
import { indexOf, tableOf } from "./job-table.mjs";

export function openStore(file, synchronous) {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(`pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma temp_store = memory;
    pragma journal_size_limit = 67108864`);
  database.exec(tableOf({ moment: "real", json: "text" }));
  database.exec(indexOf);
  const insert = database.prepare(
    "insert into jobs (id, task, state, priority, place, input, created_at) values (?, 'job', 'queued', 0, ?, ?, ?)",
  );
  const claim =
    database.prepare(`update jobs set state = 'running', worker = 'me', fence = fence + 1, attempt = attempt + 1,
    started_at = ? where id in (select id from jobs where task = 'job' and state = 'queued'
    order by priority desc, place, id limit ?) returning id, fence, input`);
  const settle = database.prepare(`update jobs set state = 'succeeded', output = ?, worker = null, settled_at = ?
    where id = ? and fence = ? and state = 'running'`);
  const output = database.prepare("select output from jobs where id = ? and state = 'succeeded'");
  const left = database.prepare("select 1 from jobs where state in ('queued', 'running') limit 1");

  const together = (work) => {
    database.exec("begin immediate");
    const made = work();
    database.exec("commit");
    return made;
  };
  return {
    insert: (jobs) =>
      together(() => {
        for (const [id, input] of jobs) insert.run(id, Date.now(), input, Date.now());
      }),
    exchange: (ended, slots) =>
      together(() => {
        for (const { id, fence, output: made } of ended) settle.run(made, Date.now(), id, fence);
        return slots === 0 ? [] : claim.all(Date.now(), slots);
      }),
    output: (id) => output.get(id)?.output,
    isEmpty: () => left.get() === undefined,
  };
}
