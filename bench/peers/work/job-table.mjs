// A table as wide as a queue with priorities, fences and results needs it, and nothing beyond: what is done by hand is done to this.
export const tableOf = ({ moment, json }) => `create table if not exists jobs (
  id text primary key, task text not null, state text not null, priority integer not null, place ${moment} not null,
  attempt integer not null default 0, fence integer not null default 0, worker text,
  input ${json} not null, output ${json}, created_at ${moment} not null, started_at ${moment}, settled_at ${moment}
)`;
export const indexOf =
  "create index if not exists queued on jobs (task, priority desc, place, id) where state = 'queued'";
