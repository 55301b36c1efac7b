/** What a worker takes, and when it last said that it is there: for those who ask why a run waits. */
export const workers = [
  "alter table {workers} add column tasks text not null default '[]'",
  "alter table {workers} add column seen_at {moment} not null default 0",
] as const;
